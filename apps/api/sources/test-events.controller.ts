import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { SETTINGS, type Settings } from '#config';
import { CreateTestEvent, TestEvent, toUlid } from '#contract';
import { newId } from '#database';
import { problem } from '#errors';
import { findPreset, makeSample, type ProviderPreset, sampleTypes } from '#providers';
import { type ActiveSecret, ActiveSecrets } from '#secrets';
import type { Scheme, SignedRequest } from '#signatures';
import { requiresBearer, secretHolderOf, type SourceKey, Sources } from '#sources';
import type { Caller } from '#tenants';
import { Operation } from '../operation.js';
import { ApiSourceParam, CurrentCaller, SourceParam } from '../parameters.js';
import { OwnInbox } from './own-inbox.js';

@ApiTags('Sources')
@Controller('v1/sources')
export class TestEventsController {
  constructor(
    private readonly sources: Sources,
    private readonly secrets: ActiveSecrets,
    private readonly inbox: OwnInbox,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Post(':id/test-events')
  @ApiSourceParam()
  @Operation({
    id: 'createTestEvent',
    summary: 'Send a signed sample callback to a source',
    description:
      'A realistic callback of the provider, signed with the source’s current secret, is sent through the inbox as the provider would send it. The answer shows the request with its signature, so that it can be sent again by hand: as it is, or altered, to see it refused.',
    access: 'developer',
    status: 202,
    answer: TestEvent,
    errors: ['not_found', 'no_sample', 'cannot_sign', 'unavailable'],
  })
  async create(
    @CurrentCaller() { tenantId }: Caller,
    @SourceParam() key: SourceKey,
    @Body({ schema: CreateTestEvent }) body: z.output<typeof CreateTestEvent>,
  ): Promise<object> {
    const source = await this.sources.get(tenantId, key);
    const preset = findPreset(source.provider);
    if (preset === null) throw problem('not_found');
    if (requiresBearer(source.config))
      throw problem('cannot_sign', 'It requires a bearer token as well, which is kept as a hash');
    const [secrets, paths] = await Promise.all([
      this.secrets.open(tenantId, source.id),
      this.sources.ingestPaths(tenantId, [source]),
    ]);
    const path = paths.get(source.id) ?? '';
    const request = await sign(secretHolderOf(source).scheme, secrets, {
      method: 'POST',
      url: this.settings.publicUrl + path,
      ...sampleFor(preset, body),
    });
    await this.sources.noteTest(tenantId, source);
    const answer = await this.inbox.post(path, request.headers, request.body);
    return {
      status_code: answer.statusCode,
      event_id: eventIdIn(answer.body),
      request: { ...request, body: request.body.toString('utf8') },
    };
  }
}

function sampleFor(
  preset: ProviderPreset,
  { type, body }: z.output<typeof CreateTestEvent>,
): Pick<SignedRequest, 'headers' | 'body'> {
  const sample = makeSample(preset, type, { unique: toUlid(newId()), nowMs: Date.now() });
  if (sample !== null) return { headers: sample.headers, body: Buffer.from(body ?? sample.body) };
  if (type === undefined && body !== undefined)
    return { headers: [['Content-Type', 'application/json']], body: Buffer.from(body) };
  const known = sampleTypes(preset).filter((one) => one !== null);
  throw problem('no_sample', {
    detail:
      known.length === 0
        ? `${preset.name} has no samples by type; give a body of your own`
        : `There are samples of ${known.join(', ')}`,
  });
}

const WHY_UNSIGNABLE = {
  compare: 'Its secret is only compared, and kept as a hash',
  compute: 'Its signature stands where only the provider can put it',
  public: 'Its provider signs with a key that only the provider has',
} as const;

/** Signs for the URL that the provider was told, with the one secret that is current. */
async function sign(
  scheme: Scheme,
  [current]: readonly ActiveSecret[],
  request: SignedRequest,
): Promise<SignedRequest> {
  if (scheme.secretUse === 'none') return request;
  if (scheme.sign === undefined) throw problem('cannot_sign', WHY_UNSIGNABLE[scheme.secretUse]);
  if (current === undefined)
    throw problem('cannot_sign', 'The source has no active callback secret; make one first');
  if (current.plainSecret === null)
    throw problem('cannot_sign', 'Its secret is only compared, and kept as a hash');
  const prepared = scheme.prepareKey(current.plainSecret);
  if (!prepared.ok) throw problem('cannot_sign', prepared.problem);
  const key = { id: current.id, material: prepared.material };
  const signature = await scheme.sign(request, [key], { nowMs: Date.now() });
  const signed = new Set(signature.map(([name]) => name.toLowerCase()));
  const others = request.headers.filter(([name]) => !signed.has(name.toLowerCase()));
  return { ...request, headers: [...others, ...signature] };
}

/** The id in a receipt; a source may answer with anything of its own instead. */
function eventIdIn(body: Buffer): string | null {
  try {
    const { id } = JSON.parse(body.toString('utf8')) as { id?: unknown };
    return typeof id === 'string' && /^[0-9A-Z]{26}$/.test(id) ? id : null;
  } catch {
    return null;
  }
}
