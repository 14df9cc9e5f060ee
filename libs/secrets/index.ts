// Callback secrets: made or imported, encrypted or hashed at rest, several active at once, one of each use current.
// May know: the keyring, tenants' data keys, what a scheme needs of a key.
// Must not: know sources beyond their id; must not give a plain secret out a second time.
export { ActiveSecrets } from './active-secrets.js';
export type { ActiveSecret } from './active-secrets.js';
export { CallbackSecret } from './callback-secret.entity.js';
export { CallbackSecrets } from './callback-secrets.service.js';
export type { IssuedSecret } from './callback-secrets.service.js';
export { isQuickToCompare } from './compared-secret.js';
export { currentOf, isActive } from './current.js';
export type { SecretHolder, SecretUse } from './secret-use.js';
export { SecretUsage } from './secret-usage.js';
export { SecretsModule } from './secrets.module.js';
