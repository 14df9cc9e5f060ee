// Refused callbacks: kept off the hot path with why they were refused, listed, verified again into events.
// May know: events, sources, secrets and tenants; how a refusal is diagnosed.
// Must not: tell a sender anything, or hold a callback up; know destinations.
export { RejectionKeeper } from './rejection-keeper.js';
export type { RefusedCallback } from './refused-callback.js';
export { pruneRejections } from './prune-rejections.js';
export { RejectionsModule } from './rejections.module.js';
export { Rejections } from './rejections.service.js';
export type { RejectionCount, RejectionFilter, RejectionRow, ShownRejection } from './rejections.service.js';
export { Reverifier } from './reverifier.js';
