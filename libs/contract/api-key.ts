import { z } from 'zod';
import { FutureTimeInput, Id, listOf, Name, OverlapSeconds, Time } from './fields.js';

export const RoleName = z.enum(['admin', 'developer', 'viewer']);

export const CreateApiKey = z
  .strictObject({
    name: Name.meta({ example: 'CI' }),
    role: RoleName.meta({ description: 'What the key may do', example: 'developer' }),
    expires_at: FutureTimeInput.nullable().optional(),
  })
  .meta({ id: 'CreateApiKey' });

export const RotateApiKey = z
  .strictObject({
    overlap_seconds: OverlapSeconds,
    expires_at: FutureTimeInput.nullable().optional().meta({ description: 'Of the new key' }),
  })
  .prefault({})
  .meta({ id: 'RotateApiKey' });

export const ApiKey = z
  .object({
    id: Id,
    name: z.string(),
    role: RoleName,
    hint: z.string().meta({ description: 'Last 4 characters of the key', example: 'x7Qa' }),
    created_at: Time,
    expires_at: Time.nullable(),
    last_used_at: Time.nullable(),
    replaces: Id.nullable().meta({ description: 'The key whose rotation made this one' }),
  })
  .meta({ id: 'ApiKey' });

export const IssuedApiKey = ApiKey.extend({
  plain_key: z.string().meta({ description: 'Shown this once', example: 'cbk_…' }),
}).meta({ id: 'IssuedApiKey' });

export const ApiKeyList = listOf(ApiKey, 'ApiKeyList');
