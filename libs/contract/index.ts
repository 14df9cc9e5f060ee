// The public API in schemas: each one validates, types, documents and strips.
// May know: zod and the words of the API.
// Must not: import anything of ours; know tables or frameworks.
export * from './id.js';
export * from './fields.js';
export * from './tenant.js';
export * from './api-key.js';
export * from './audit-log.js';
export * from './provider.js';
export * from './source.js';
export * from './callback-secret.js';
export * from './destination.js';
export * from './event.js';
export * from './delivery.js';
export * from './rejection.js';
export * from './test-event.js';
export * from './inbox.js';
export * from './problem.js';
