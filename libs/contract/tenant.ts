import { z } from 'zod';
import { RoleName } from './api-key.js';
import { Id, listOf, Name, RateLimit, Slug, Time } from './fields.js';

export const CreateTenant = z
  .strictObject({
    slug: Slug.meta({ example: 'acme' }),
    name: Name.optional().meta({ example: 'Acme Inc.' }),
  })
  .meta({ id: 'CreateTenant' });

export const UpdateTenant = z
  .strictObject({
    name: Name.optional(),
    rate_limit: RateLimit.nullable().optional().meta({ description: 'null takes it away' }),
  })
  .meta({ id: 'UpdateTenant' });

export const Tenant = z
  .object({
    id: Id,
    slug: z.string(),
    name: z.string(),
    rate_limit: RateLimit.nullable().meta({
      description: 'Callbacks that its sources take together; null: what CALLBOX_TENANT_RATE_PER_SECOND says',
    }),
    created_at: Time,
  })
  .meta({ id: 'Tenant' });

export const CreatedTenant = Tenant.extend({
  api_key: z.object({
    id: Id,
    role: RoleName,
    plain_key: z.string().meta({ description: 'Shown this once', example: 'cbk_…' }),
  }),
}).meta({ id: 'CreatedTenant' });

export const TenantList = listOf(Tenant, 'TenantList');
