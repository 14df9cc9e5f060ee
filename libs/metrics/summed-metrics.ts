import { AggregatorRegistry, type Registry } from 'prom-client';

/** The metrics of one process, as text that another one can sum up. */
export type MetricsSnapshot = string;

type Metrics = Parameters<typeof AggregatorRegistry.aggregate>[0][number];

/** The metrics of a process as they are now. */
export async function snapshotOf(registry: Registry): Promise<MetricsSnapshot> {
  return JSON.stringify(await registry.getMetricsAsJSON());
}

/** The metrics of several processes as one: counters and most gauges are added, as each metric says of itself. */
export async function sumUp(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return aggregate(snapshots).metrics();
}

/** What is left of processes that have ended: their counts, which must not go down, but nothing that was momentary. */
export async function countsOf(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  const metrics = (await aggregate(snapshots).getMetricsAsJSON()) as unknown as { type: unknown }[];
  return JSON.stringify(metrics.filter(({ type }) => type === 'counter' || type === 'histogram'));
}

function aggregate(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => JSON.parse(snapshot) as Metrics));
}
