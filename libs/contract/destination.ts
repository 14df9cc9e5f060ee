import { z } from 'zod';
import { Id, listOf, Name, OverlapSeconds, SourceReference, text, Time } from './fields.js';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
const reserved =
  /^(connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|callbox-.*)$/i;

const CustomHeaders = z
  .record(
    z
      .string()
      .refine(
        (name) => token.test(name) && !reserved.test(name),
        'must be a header name that is yours to set',
      ),
    z
      .string()
      .max(4_096)
      .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be a header value')
      // Else who reads a destination and writes it back would make a credential of it, and find out by failed deliveries.
      .refine((value) => value !== '[redacted]', 'is shown in place of the value; give the value itself'),
  )
  .refine((headers) => Object.keys(headers).length <= 32, 'may hold at most 32 headers')
  .meta({ example: { 'X-Environment': 'staging' } });

const fields = {
  name: Name.meta({ example: 'My app' }),
  url: text(2_048).min(1).meta({ example: 'http://127.0.0.1:3000/callbacks' }),
  sources: z
    .array(SourceReference)
    .min(1, 'must name one; leave it out for all')
    .max(100)
    .nullable()
    .optional()
    .meta({ description: 'Ids or slugs; all when absent' }),
  types: z
    .array(text(256).min(1))
    .min(1, 'must name one; leave it out for all')
    .max(100)
    .nullable()
    .optional()
    .meta({ description: 'Globs over the event type; all when absent', example: ['run.*'] }),
  signing: z.enum(['native', 'standard-webhooks', 'none']).optional().meta({
    description:
      'native (default): the provider’s own signature, made afresh; none: nothing is added, and the signature the callback came with is passed on',
  }),
  headers: CustomHeaders.nullable().optional(),
  timeout_seconds: z.int().min(1).max(60).optional(),
  retry: z
    .strictObject({ schedule_seconds: z.array(z.int().min(0).max(604_800)).max(50) })
    .nullable()
    .optional()
    .meta({ description: 'Seconds to wait after each failed attempt' }),
  rate_limit: z
    .strictObject({ per_second: z.int().min(1).max(10_000) })
    .nullable()
    .optional(),
  max_in_flight: z.int().min(1).max(1_000).nullable().optional(),
};

export const CreateDestination = z.strictObject(fields).meta({ id: 'CreateDestination' });

export const UpdateDestination = z
  .strictObject({
    ...fields,
    name: fields.name.optional(),
    url: fields.url.optional(),
    status: z.enum(['active', 'paused']).optional(),
  })
  .meta({ id: 'UpdateDestination' });

export const RotateDestinationSecret = z
  .strictObject({
    overlap_seconds: OverlapSeconds,
  })
  .prefault({})
  .meta({ id: 'RotateDestinationSecret' });

export const Destination = z
  .object({
    id: Id,
    name: z.string(),
    url: z.string(),
    sources: z.array(z.string()).nullable().meta({ description: 'Slugs' }),
    types: z.array(z.string()).nullable(),
    signing: z.enum(['native', 'standard-webhooks', 'none']),
    headers: z
      .record(z.string(), z.string())
      .nullable()
      .meta({ description: 'Values are shown as [redacted]' }),
    timeout_seconds: z.int(),
    retry: z.object({ schedule_seconds: z.array(z.int()) }),
    rate_limit: z.object({ per_second: z.int() }).nullable(),
    max_in_flight: z.int().nullable(),
    status: z.enum(['active', 'paused']),
    paused_reason: z.enum(['manual', 'gone', 'auto']).nullable().meta({
      description:
        'manual: by you; gone: it answered 410; auto: every attempt of five days has failed; null while it is active',
    }),
    circuit: z
      .object({
        state: z.enum(['closed', 'open', 'half_open']),
        consecutive_failures: z
          .int()
          .meta({ description: 'Attempts in a row without an answer or with a 5xx' }),
        opened_at: Time.nullable(),
        next_probe_at: Time.nullable(),
      })
      .meta({
        description:
          'open: deliveries wait, unharmed, until next_probe_at; half_open: the next one that is due is the probe. Making the destination active closes it',
      }),
    failing_since: Time.nullable().meta({ description: 'The first failed attempt since the last success' }),
    auto_pause_at: Time.nullable().meta({
      description: 'An attempt that fails after it pauses the destination',
    }),
    warning: z.string().nullable().meta({ description: 'Before that, from the third day on' }),
    created_at: Time,
  })
  .meta({ id: 'Destination' });

export const CreatedDestination = Destination.extend({
  signing_secret: z
    .string()
    .meta({ description: 'Shown this once; signs where `signing` is standard-webhooks', example: 'whsec_…' }),
}).meta({ id: 'CreatedDestination' });

export const DestinationList = listOf(Destination, 'DestinationList');
