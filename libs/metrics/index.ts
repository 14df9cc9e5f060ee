// Metrics of a process, for Prometheus.
// May know: prom-client.
// Must not: know what is measured; labels must never hold ids, URLs or anything of a tenant's.
export { createRegistry, METRICS, MetricsModule } from './metrics.module.js';
export { countsOf, type MetricsSnapshot, snapshotOf, sumUp } from './summed-metrics.js';
export { Counter, Gauge, Histogram, Registry } from 'prom-client';
