// Settings: one schema, read once from the environment before anything starts.
// May know: the names, defaults and meaning of every setting, and how their values are read. The only room that reads
// `process.env`.
// Must not: know the database, Nest modules of ours or any product rule.
export { loadSettings, SETTINGS, settingsSchema } from './settings.js';
export type { Role, Settings } from './settings.js';
export { defaultLimits, type Limits } from './limits.js';
export { masterKeys as masterKeysRule } from './rules.js';
export type { AwsKmsSettings, KeyProviderKind, KeySettings, VaultSettings } from './key-settings.js';
export { describeSettings } from './describe-settings.js';
