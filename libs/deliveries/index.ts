// Where events go: destinations, deliveries and their attempts, the retry schedule, redeliveries.
// May know: events, sources, secrets and tenants; what a sender's answer means.
// Must not: open a connection itself.
export type { Health } from './circuit.js';
export { claimDue } from './claim.js';
export type { ClaimedDelivery, Share, Window } from './claim.js';
export { decide, DEFAULT_SCHEDULE_SECONDS, signOf } from './decide.js';
export type { AttemptResult, Decision, Sign } from './decide.js';
export { Deliveries } from './deliveries.service.js';
export type { AttemptRow, DeliveryCounts } from './deliveries.service.js';
export type { DeliveryRow } from './delivery-row.js';
export { deliveryCountsAcrossTenants } from './delivery-counts.js';
export { DeliveriesModule } from './deliveries.module.js';
export { Destination } from './destination.entity.js';
export { Destinations } from './destinations.service.js';
export type { DestinationView } from './destination-view.js';
export { fanOut } from './fan-out.js';
export { DeliveryPreparer } from './prepare.js';
export type { Preparation, PreparedRequest } from './prepare.js';
export { giveBack, renewLeases, setAside } from './lease.js';
export type { Obstacle } from './lease.js';
export { Pruner } from './prune.js';
export { recordAttempts } from './record.js';
export type { Recorded, RecordedAttempt } from './record.js';
export { Redeliverer } from './redeliverer.js';
export type { Round } from './redeliverer.js';
export { Redeliveries } from './redeliveries.service.js';
export type { DryRun } from './redeliveries.service.js';
export type { BulkOrder } from './bulk-order.js';
export type { RedeliverySummary, RedeliveryView } from './count-redelivery.js';
export { settle } from './settle.js';
