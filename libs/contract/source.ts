import { z } from 'zod';
import { Id, listOf, Name, OverlapSeconds, RateLimit, Slug, text, Time } from './fields.js';

const THIRTY_DAYS_SECONDS = 2_592_000;
const isPointer = (pointer: string): boolean =>
  pointer === '' || (pointer.startsWith('/') && !/~(?![01])/.test(pointer));

const DedupeKey = text(300)
  .refine(
    (key) =>
      /^header:[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(key) ||
      (key.startsWith('json:') && isPointer(key.slice(5))),
    'must be header:<name> or json:<RFC 6901 pointer>',
  )
  .meta({ example: 'json:/data/id' });

export const SourceConfig = z
  .object({
    tolerance_seconds: z
      .int()
      .min(0)
      .max(86_400)
      .optional()
      .meta({ description: 'How far a signed time may be from the time of receipt' }),
    dedupe: z
      .strictObject({
        window_seconds: z
          .int()
          .min(0)
          .max(THIRTY_DAYS_SECONDS)
          .optional()
          .meta({ description: 'Default 86400; 0 = off' }),
        key: DedupeKey.optional().meta({
          description: 'What makes two callbacks the same event; default: the provider’s event id',
        }),
      })
      .optional(),
    response: z
      .strictObject({
        status: z.int().min(200).max(299).optional(),
        content_type: z
          .string()
          .max(255)
          .regex(/^[\x20-\x7e]+$/, 'must be visible ASCII')
          .optional(),
        body: text(65_536).optional(),
      })
      .optional()
      .meta({ description: 'The answer to an accepted callback, in place of Callbox’s own' }),
    retention_days: z.int().min(1).max(3_650).optional().meta({ description: 'Default 30' }),
    rate_limit: RateLimit.optional().meta({
      description: 'Callbacks that this source takes; beyond it they are answered 429',
    }),
    url_token: z
      .boolean()
      .optional()
      .meta({ description: 'Gives the ingest URL an unguessable last segment, see url-rotations' }),
    require: z
      .array(z.literal('bearer', 'must be "bearer"'))
      .max(1)
      .optional()
      .meta({
        description:
          'What callbacks must carry on top of the provider’s own signature, at every path below the ingest URL: with `["bearer"]`, `Authorization: Bearer` and a bearer secret of the source (see `use` of callback secrets). Without an active one nothing is let in, so make the secret first. Not possible where the provider’s own credentials stand in Authorization.',
        example: ['bearer'],
      }),
  })
  // Settings of the provider's own; the domain checks them against its preset and refuses unknown ones.
  .catchall(z.union([text(2_048), z.number(), z.boolean()]))
  .meta({ id: 'SourceConfig' });

export const CreateSource = z
  .strictObject({
    slug: Slug,
    provider: text(63)
      .min(1)
      .meta({ description: 'Id of a provider, see GET /v1/providers', example: 'runflow' }),
    name: Name.optional().meta({ example: 'Runflow production' }),
    config: SourceConfig.optional(),
  })
  .meta({ id: 'CreateSource' });

export const UpdateSource = z
  .strictObject({
    name: Name.optional(),
    config: SourceConfig.optional().meta({ description: 'Takes the place of the whole config' }),
    status: z.enum(['active', 'paused']).optional(),
  })
  .meta({ id: 'UpdateSource' });

export const RotateSourceUrl = z
  .strictObject({
    overlap_seconds: OverlapSeconds,
  })
  .prefault({})
  .meta({ id: 'RotateSourceUrl' });

export const Source = z
  .object({
    id: Id,
    slug: z.string(),
    name: z.string(),
    provider: z.string(),
    config: SourceConfig,
    status: z.enum(['active', 'paused']),
    ingest_url: z.string().meta({ example: 'http://localhost:8080/in/default/runflow' }),
    created_at: Time,
    last_event_at: Time.nullable(),
  })
  .meta({ id: 'Source' });

export const SourceList = listOf(Source, 'SourceList');
