// Keys at rest: master keys wrap data keys, data keys encrypt secrets; the pepper keys the hashes of API keys.
// May know: node:crypto and the table of the installation's own keys.
// Must not: know what the encrypted things are; must never log or return a key.
export { DataKey } from './data-key.js';
export { Keyring } from './keyring.js';
export { KeyringModule } from './keyring.module.js';
export { CannotDecrypt } from './envelope.js';
