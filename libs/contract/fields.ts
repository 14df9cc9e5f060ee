import { z } from 'zod';
import { fromUlid, toUlid } from './id.js';

const ULID_EXAMPLE = '01KAQ3ZX9B7T4N2M8V5C6D1E0F';

/** An id in a request; becomes a UUID. */
export const IdInput = z
  .string()
  .meta({ description: 'ULID', example: ULID_EXAMPLE })
  .transform((text, context) => {
    const uuid = fromUlid(text);
    if (uuid !== undefined) return uuid;
    context.addIssue('must be a ULID: 26 characters of Crockford base32, upper case');
    return z.NEVER;
  });

/** An id in an answer; made from a UUID. */
export const Id = z
  .string()
  .transform(toUlid)
  .pipe(z.string().meta({ description: 'ULID', example: ULID_EXAMPLE }));

/** A time in an answer: RFC 3339, UTC, milliseconds. */
export const Time = z
  .date()
  .transform((date) => date.toISOString())
  .pipe(z.string().meta({ format: 'date-time', example: '2026-11-22T14:00:00.000Z' }));

/** A time in a request: RFC 3339. */
export const TimeInput = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time, for example 2026-11-22T14:00:00.000Z' })
  .meta({ example: '2026-11-22T14:00:00.000Z' })
  .transform((text) => new Date(text));

/** A time to come in a request. */
export const FutureTimeInput = TimeInput.refine(
  (date) => date.getTime() > Date.now(),
  'must lie in the future',
);

/** Text that PostgreSQL can keep: no NUL, well-formed. */
export const text = (maximum: number) =>
  z
    .string()
    .max(maximum)
    .refine(
      (value) => !value.includes('\0') && !/\p{Surrogate}/u.test(value),
      'must be well-formed text without NUL',
    );

/** Names and labels that people give. */
export const Name = text(255).min(1);

export const Slug = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be lower-case letters, digits and inner hyphens, at most 63',
  )
  .meta({ example: 'runflow' });

/** What a source or destination is named by in a request: its id or its slug. */
export const SourceReference = text(63)
  .min(1)
  .meta({ description: 'Id or slug of a source', example: 'runflow' })
  .transform((value): { id: string } | { slug: string } => {
    const id = fromUlid(value);
    return id === undefined ? { slug: value } : { id };
  });

/** `limit` and `cursor` of every list. */
export const PageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 250')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 250, 'must be a whole number from 1 to 250')
    .optional()
    .meta({
      description: 'How many, 50 by default',
      type: 'integer',
      minimum: 1,
      maximum: 250,
    }),
  cursor: z.string().max(64).optional().meta({ description: '`next_cursor` of the page before' }),
});

/** The answer of a list, newest first. */
export function listOf<Item extends z.ZodType>(item: Item, id: string) {
  return z
    .object({
      data: z.array(item),
      next_cursor: z.string().nullable().meta({ description: 'null at the end' }),
    })
    .meta({ id });
}

/** A header name or value pair as it stood on the wire. */
export const HeaderPair = z.tuple([z.string(), z.string()]);

/** How long what is rotated stays good beside its successor; the same everywhere. */
export const OverlapSeconds = z
  .int()
  .min(0)
  .max(2_592_000)
  .default(86_400)
  .meta({ description: 'How long both are good, in seconds' });

/** How many callbacks are taken before others are answered 429. */
export const RateLimit = z
  .strictObject({
    per_second: z.number().min(0.01).max(1_000_000).meta({ description: 'In the long run', example: 100 }),
    burst: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .meta({ description: 'At once; default: as many as in a second' }),
  })
  .meta({ id: 'RateLimit' });

/** Fields of answers that are shown once: neither a later answer nor a repeated one has them. */
export const onceOnlyFields: readonly string[] = ['plain_secret', 'plain_key', 'signing_secret'];
