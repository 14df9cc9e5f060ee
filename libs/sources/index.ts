// Where callbacks arrive: URL -> tenant, provider, live secrets.
// May know: tenants, secrets, the provider table.
// Must not: know events or what becomes of them.
export { type Admission, guardCallback } from './callback-guard.js';
export { type IngestUrl, isIngestTarget, parseIngestTarget, targetOf } from './ingest-url.js';
export { LiveSources } from './live-sources.js';
export type { LiveKey, LiveSource } from './live-source.js';
export { NewTenants } from './new-tenants.js';
export { requiresBearer, secretHolderOf } from './provider-settings.js';
export { Source } from './source.entity.js';
export type { DedupeConfig, SourceConfig } from './source.entity.js';
export type { RateLimit } from '#tenants';
export { Sources } from './sources.service.js';
export type { SourceKey, SourceNames } from './sources.service.js';
export { admitsUrl, pathWithoutToken, queryWithoutToken } from './url-token.js';
export { SourcesModule } from './sources.module.js';
