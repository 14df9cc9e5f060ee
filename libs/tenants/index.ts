// Who there is and what they did: tenants, their API keys and data keys, which role may do what, the audit log.
// May know: the database, the keyring.
// Must not: know sources, events or deliveries.
export { acting, actingFor, identify, stopActing } from './acting.js';
export type { Acting, Actor } from './acting.js';
export { ApiKeys } from './api-keys.service.js';
export type { IssuedApiKey } from './api-keys.service.js';
export { ApiKey } from './api-key.entity.js';
export { readApiKeyText } from './api-key-text.js';
export { AuditLog } from './audit-log.service.js';
export type { SealedRow as AuditRow } from './audit-chain.js';
export type { AuditEntry, AuditFilter } from './audit-log.service.js';
export { Authenticator } from './authenticator.service.js';
export type { Authentication, Caller, RefusedKey } from './authenticator.service.js';
export { Guessing, networkOf } from './guessing.js';
export { Idempotency, pruneAnswers } from './idempotency.service.js';
export type { Answer, RepeatableRequest } from './idempotency.service.js';
export { type RateLimit, Tenant } from './tenant.entity.js';
export { Tenants } from './tenants.service.js';
export type { NewTenant, TenantDraft } from './tenants.service.js';
export { sharedLimiter } from './shared-limiter.js';
export { TenantKeys } from './tenant-keys.js';
export { TenantsModule } from './tenants.module.js';
export { mayActAs, roles } from './roles.js';
export type { Role } from './roles.js';
