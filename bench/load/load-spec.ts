/** How a request is signed. */
export type Signing =
  | { readonly kind: 'hmac'; readonly header: string; readonly secret: string }
  | { readonly kind: 'qstash'; readonly key: string }
  | { readonly kind: 'ed25519'; readonly header: string; readonly privateKeyPem: string };

/** One place that requests go to. */
export interface Target {
  readonly url: string;
  readonly signing: Signing;
  /** The header that carries the sender's own id of an event. */
  readonly eventIdHeader: string;
}

/** What of the requests repeats an event id: none, every second one, or all but the first thousand. */
export type Duplicates = 'none' | 'half' | 'all';

/** One run of the generator. */
export interface LoadSpec {
  /** Taken in turns. All at the same host and port. */
  readonly targets: readonly Target[];
  readonly bodyBytes: number;
  readonly connections: number;
  /** Open loop: sent at their time, whatever the answers do. Absent: as fast as answers come. */
  readonly ratePerSecond?: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly duplicates: Duplicates;
  /** Eight characters before the number of an event id, so that those of two runs differ. */
  readonly idPrefix: string;
  /** Where the receipts go; see `receipts.ts`. */
  readonly receiptsFile: string;
}

/** Of a distribution. */
export interface Quantiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** What a run came to. Counts are of the measured window, `total…` of the whole run with its warm-up. */
export interface LoadResult {
  readonly seconds: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Answers 2xx a second. */
  readonly perSecond: number;
  /** Of answers 2xx: from the time they were meant to be sent (open loop), or were sent. */
  readonly latency: Quantiles;
  /** Of the same answers, from the time they were sent: without the wait for a free connection. */
  readonly service: Quantiles;
  /** By how much requests were sent late although a connection was free: the generator's own error. */
  readonly lateness: Quantiles;
  readonly totalSent: number;
  readonly totalUnanswered: number;
  /** Meant to be sent, but no connection was free until the end. */
  readonly totalUnsent: number;
  /** Of the unanswered: those whose connection ended. */
  readonly totalLost: number;
  readonly cpuSeconds: number;
  /** Share of the window in which its event loop was busy. */
  readonly busyShare: number;
}

/** Beyond this share of a core it is the generator that is measured. */
export const BOTTLENECK_SHARE = 0.8;
