import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { PageQuery, Provider, ProviderList } from '#contract';
import { problem } from '#errors';
import { findPreset, listPresets, type ProviderPreset } from '#providers';
import { Operation } from '../operation.js';
import { DEFAULT_LIMIT, malformedCursor } from '../parameters.js';

@ApiTags('Providers')
@Controller('v1/providers')
export class ProvidersController {
  @Get()
  @Operation({
    id: 'listProviders',
    summary: 'List the providers Callbox knows',
    access: 'viewer',
    status: 200,
    answer: ProviderList,
  })
  list(@Query({ schema: PageQuery }) query: z.output<typeof PageQuery>): object {
    const presets = listPresets();
    const first =
      query.cursor === undefined ? 0 : presets.findIndex(({ id }) => cursorOf(id) === query.cursor);
    if (first < 0) throw malformedCursor();
    const end = first + (query.limit ?? DEFAULT_LIMIT);
    const next = presets[end];
    return { data: presets.slice(first, end).map(show), next_cursor: next ? cursorOf(next.id) : null };
  }

  @Get(':id')
  @ApiParam({ name: 'id', description: 'Id of a provider', schema: { type: 'string', example: 'runflow' } })
  @Operation({
    id: 'getProvider',
    summary: 'Get a provider',
    access: 'viewer',
    status: 200,
    answer: Provider,
    errors: ['not_found'],
  })
  get(@Param('id') id: string): object {
    const preset = findPreset(id);
    if (preset === null) throw problem('not_found');
    return show(preset);
  }
}

/** Names the provider that the next page begins with. */
function cursorOf(id: string): string {
  return Buffer.from(id).toString('base64url');
}

function show(preset: ProviderPreset): object {
  const { scheme } = preset;
  return {
    id: preset.id,
    name: preset.name,
    scheme: scheme.name,
    secret_format: preset.secret.format,
    secret_source: preset.secret.source,
    signature_headers: scheme.signatureHeaders,
    signs_timestamp: scheme.signsTimestamp,
    default_tolerance_seconds: scheme.defaultToleranceSeconds,
    can_resign: scheme.sign !== undefined,
    handshake: preset.handshake?.description ?? null,
    docs_url: preset.docsUrl,
    confidence: preset.confidence,
  };
}
