import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Provider, ProviderList } from '#contract';
import { problem } from '#errors';
import { findPreset, listPresets, type ProviderPreset } from '#providers';
import { Operation } from '../operation.js';

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
  list(): object {
    return { data: listPresets().map(show), next_cursor: null };
  }

  @Get(':id')
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
    handshake: null,
    docs_url: preset.docsUrl,
    confidence: preset.confidence,
  };
}
