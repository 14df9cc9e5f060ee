// Keys at rest: master keys or a key service wrap data keys, data keys encrypt secrets; the pepper keys the hashes of
// API keys.
// May know: node:crypto, the columns that hold wrapped keys, and how key services are asked, through the guarded client.
// Must not: know what the encrypted things are; must never log or return a key.
export { DataKey } from './data-key.js';
export { Keyring } from './keyring.js';
export { KeyringModule } from './keyring.module.js';
export { KeyProviders } from './key-providers.js';
export { describePrefix, type KeyProvider } from './key-provider.js';
export { KeyServiceUnavailable } from './key-service-unavailable.js';
export { CannotDecrypt } from './envelope.js';
export { rewrapAll, type RewrapResult } from './rewrap.js';
export { countWrappedKeys, type KeyCount, type KeyStore } from './wrapped-keys.js';
