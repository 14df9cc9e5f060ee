import type { Deviation, Key, SignedRequest } from '#signatures';
import type { Finding } from './finding.js';

/** A variant of a refused request that verifies, whatever the time. */
export interface Fit {
  readonly findings: readonly Finding[];
  readonly request: SignedRequest;
  readonly keys: readonly Key[];
  readonly deviation: Deviation;
  /** Milliseconds since the epoch; `null` where no time is signed, or none that is known here. */
  readonly signedAtMs: number | null;
}
