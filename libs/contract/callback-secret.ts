import { z } from 'zod';
import { FutureTimeInput, Id, listOf, Name, OverlapSeconds, SourceReference, text, Time } from './fields.js';

const PlainSecretInput = text(16_384)
  .min(1)
  .meta({ description: 'Import the one that the provider made', format: 'password', writeOnly: true });

const SecretUse = z.enum(['signature', 'bearer']);

export const CreateCallbackSecret = z
  .strictObject({
    label: Name.meta({ example: 'November 2026' }),
    source: SourceReference.optional().meta({ description: 'Id or slug of a source; "default" when absent' }),
    use: SecretUse.optional().meta({
      description:
        'What it is for: `signature`, what the provider signs with, or `bearer`, the token of `Authorization: Bearer` for a source with `config.require: ["bearer"]` (1 to 512 printable ASCII characters without spaces; only ever compared, so kept as a hash). When absent: `signature`. Only where the source requires a bearer token, a `plain_secret` without `use` is taken for the token if the provider could not sign with it, or if the source has an active signature secret and no active bearer secret yet, unless it begins like the provider’s signing secrets do (`sig_`, `whsec_`). Sources of providers without secrets of their own take bearer secrets only.',
    }),
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
    overlap_seconds: OverlapSeconds,
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
    use: SecretUse.meta({
      description: 'What it is for: the provider’s signature, or the bearer token that the source requires',
    }),
    status: z.enum(['active', 'expired']),
    is_current: z.boolean().meta({
      description:
        'Redeliveries are signed with this one. Bearer secrets sign nothing and have a current one of their own',
    }),
    hint: z.string().meta({ description: 'Last 4 characters of the secret; nothing of one shorter than 8' }),
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
