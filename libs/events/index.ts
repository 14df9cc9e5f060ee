// What arrived: stored durably in group commits, deduplicated, listed, opened again byte for byte.
// May know: sources, secrets and tenants; PostgreSQL's own ways on the hot path.
// Must not: know destinations. It stores the obligation to deliver; others fulfil it.
export { EventLog } from './event-log.js';
export { type Appended, appendWithin } from './append.js';
export { Events } from './events.service.js';
export { joined, shown } from './event-row.js';
export type { EventFilter, EventRow } from './event-row.js';
export type { OpenedEvent } from './events.service.js';
export { EventsModule } from './events.module.js';
export { findContentsAcrossTenants, openContent } from './open-content.js';
export type { EventContent, StoredContent } from './open-content.js';
export { readSearchCursor } from './list-events.js';
export type { NewEvent } from './new-event.js';
export { eventOf } from './event-of.js';
export { ReceivedCallback, receivedCallback } from './received-callback.js';
export { isStoredWithin } from './is-stored.js';
export { isSensitiveHeader, joinHeaders, splitHeaders } from './sensitive-headers.js';
export { makePartitions } from './partitions.js';
export type { Partition } from './partitions.js';
export { gapsBefore } from './partition-range.js';
export type { TimeRange } from './partition-range.js';
export { dropRetired, partitionGroups, retirePartitions } from './retire-partitions.js';
export {
  beginningOf,
  compareEntries,
  lookAtOrder,
  readStored,
  storedInOf,
  storedSince,
} from './stored-order.js';
export type { Entry, OrderNow, Place, StoredTable } from './stored-order.js';
