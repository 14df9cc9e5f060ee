// Who there is: tenants, their API keys and data keys, and which role may do what.
// May know: the database, the keyring.
// Must not: know sources, events or deliveries.
export { ApiKeys } from './api-keys.service.js';
export type { Caller, IssuedApiKey } from './api-keys.service.js';
export { ApiKey } from './api-key.entity.js';
export { Tenant } from './tenant.entity.js';
export { Tenants } from './tenants.service.js';
export { TenantKeys } from './tenant-keys.js';
export { TenantsModule } from './tenants.module.js';
export { mayActAs, roles } from './roles.js';
export type { Role } from './roles.js';
