import { z } from 'zod';
import { RoleName } from './api-key.js';
import { Id, listOf, Name, Slug, Time } from './fields.js';

export const CreateTenant = z
  .strictObject({
    slug: Slug.meta({ example: 'acme' }),
    name: Name.optional().meta({ example: 'Acme Inc.' }),
  })
  .meta({ id: 'CreateTenant' });

export const Tenant = z
  .object({ id: Id, slug: z.string(), name: z.string(), created_at: Time })
  .meta({ id: 'Tenant' });

export const CreatedTenant = Tenant.extend({
  api_key: z.object({
    id: Id,
    role: RoleName,
    plain_key: z.string().meta({ description: 'Shown this once', example: 'cbk_…' }),
  }),
}).meta({ id: 'CreatedTenant' });

export const TenantList = listOf(Tenant, 'TenantList');
