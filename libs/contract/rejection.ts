import { z } from 'zod';
import { HeaderPair, Id, listOf, PageQuery, SourceReference, Time } from './fields.js';

/** Why a callback was refused. */
export const RejectionReason = z.enum([
  'signature_missing',
  'signature_malformed',
  'signature_mismatch',
  'timestamp_outside_tolerance',
  'no_secret',
  'claim_invalid',
  'authorization_missing',
  'authorization_mismatch',
  'body_too_large',
]);

/** What is behind it, where that can be told; docs/rejections.md explains each. */
export const DiagnosisCodeName = z.enum([
  'body_reserialized',
  'body_changed',
  'body_too_large',
  'other_secret',
  'no_secret',
  'wrong_encoding',
  'wrong_algorithm',
  'wrong_header',
  'wrong_provider',
  'header_missing',
  'header_repeated',
  'url_mismatch',
  'clock_skew',
  'claim_mismatch',
  'authorization_missing',
  'authorization_mismatch',
  'keys_unavailable',
  'not_signed',
  'secret_sent',
  'unknown',
]);

/** The words of `diagnosis.code`. */
export type DiagnosisCode = z.output<typeof DiagnosisCodeName>;

export const RejectionQuery = PageQuery.extend({
  source: SourceReference.optional(),
  reason: RejectionReason.optional().meta({ description: 'Only those refused for this reason' }),
});

export const Rejection = z
  .object({
    id: Id,
    source: z.string().meta({ description: 'Slug of the source' }),
    received_at: Time,
    reason: RejectionReason,
    diagnosis: z.object({
      code: DiagnosisCodeName,
      cause: z.string().meta({ description: 'What went wrong, in a sentence' }),
      fix: z.string().meta({ description: 'What to do about it, in a sentence' }),
    }),
    method: z.string(),
    path: z.string().meta({ example: '/in/default/runflow' }),
    query: z.string().meta({ description: 'Without the question mark; credentials are [redacted]' }),
    headers: z
      .array(HeaderPair)
      .meta({ description: 'In the order received; credentials are shown as [redacted]' }),
    body_excerpt: z.string().nullable().meta({
      description:
        'The first 4 KiB, when they are UTF-8; null for keys of the role `viewer`, and where no body was kept',
    }),
    body_excerpt_base64: z.string().nullable().meta({ description: 'The same when they are not UTF-8' }),
    size: z
      .int()
      .nullable()
      .meta({ description: 'Bytes of the body; null where it was not read to its end' }),
    reverifiable: z.boolean().meta({
      description: 'Whether all of it was kept, so that it can be verified again: bodies up to 256 KiB are',
    }),
    remote_ip: z.string().nullable(),
  })
  .meta({ id: 'Rejection' });

export const RejectionList = listOf(Rejection, 'RejectionList');

export const RejectionCountQuery = z.strictObject({ source: SourceReference.optional() });

export const RejectionCountList = z
  .object({
    data: z.array(
      z.object({
        source: z.string().meta({ description: 'Slug of the source' }),
        day: z.string().meta({ format: 'date', example: '2026-11-22' }),
        received: z.int().meta({ description: 'Refused callbacks' }),
        kept: z.int().meta({ description: 'Those of them that were kept' }),
      }),
    ),
    next_cursor: z.null(),
  })
  .meta({ id: 'RejectionCountList' });
