import autocannon from 'autocannon';

/** One kind of request to one server. */
export interface Lane {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** 200 when absent. */
  readonly expectedStatus?: number;
}

interface Measured {
  readonly perSecond: number;
  readonly answered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends as fast as the answers come, over `connections` at once; fails when an answer is another one than expected. */
export async function measure(lane: Lane, load: { seconds: number; connections: number }): Promise<Measured> {
  const result = await autocannon({
    url: lane.url,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...lane.headers },
    body: lane.body,
    duration: load.seconds,
    connections: load.connections,
  });
  const expected = String(lane.expectedStatus ?? 200);
  const counts = result.statusCodeStats as unknown as Record<string, { count: number }>;
  const others = Object.keys(counts).filter((status) => status !== expected);
  if (others.length > 0 || result.errors > 0) {
    throw new Error(`${lane.name}: unexpected answers ${others.join(', ')}, ${result.errors} errors`);
  }
  const answered = counts[expected]?.count ?? 0;
  return {
    perSecond: answered / result.duration,
    answered,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

/** The middle one of several values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
