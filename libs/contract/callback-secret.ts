import { z } from 'zod';
import { FutureTimeInput, Id, listOf, Name, SourceReference, text, Time } from './fields.js';

const PlainSecretInput = text(16_384)
  .min(1)
  .meta({ description: 'Import the one that the provider made', format: 'password', writeOnly: true });

export const CreateCallbackSecret = z
  .strictObject({
    label: Name.meta({ example: 'November 2026' }),
    source: SourceReference.optional().meta({ description: 'Id or slug of a source; "default" when absent' }),
    plain_secret: PlainSecretInput.optional(),
    expires_at: FutureTimeInput.nullable().optional(),
  })
  .meta({ id: 'CreateCallbackSecret' });

export const UpdateCallbackSecret = z
  .strictObject({
    label: Name.optional(),
    expires_at: FutureTimeInput.nullable().optional(),
    is_current: z.literal(true, 'can only be set to true: make another secret current instead').optional(),
  })
  .meta({ id: 'UpdateCallbackSecret' });

export const RotateCallbackSecret = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(2_592_000)
      .optional()
      .meta({ description: 'How long both verify; default 86400' }),
    plain_secret: PlainSecretInput.optional(),
    label: Name.optional(),
  })
  .prefault({})
  .meta({ id: 'RotateCallbackSecret' });

export const CallbackSecret = z
  .object({
    id: Id,
    label: z.string(),
    source: z.string().meta({ description: 'Slug of the source' }),
    status: z.enum(['active', 'expired']),
    is_current: z.boolean().meta({ description: 'Redeliveries are signed with this one' }),
    hint: z.string().meta({ description: 'Last 4 characters of the secret' }),
    created_at: Time,
    expires_at: Time.nullable(),
    last_verified_at: Time.nullable(),
    verified_count: z.int(),
    replaces: Id.nullable().meta({ description: 'The secret whose rotation made this one' }),
  })
  .meta({ id: 'CallbackSecret' });

export const IssuedCallbackSecret = CallbackSecret.extend({
  plain_secret: z.string().meta({ description: 'Shown this once', example: 'whsec_…' }),
}).meta({ id: 'IssuedCallbackSecret' });

export const CallbackSecretList = listOf(CallbackSecret, 'CallbackSecretList');
