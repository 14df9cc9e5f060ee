import type { Key, Scheme, SignedRequest, Verdict } from '#signatures';
import { type Budget, WORK } from './budget.js';
import type { DiagnosisFacts, Refused } from './refused.js';
import { claimedTimeMs, type ReadToken, tokenIn } from './tokens.js';

/** Longer than any clock is wrong: the time is judged for itself once everything else is known. */
const ANY_TOLERANCE_SECONDS = 1e13;
/** Signatures in the body are found by parsing it each time. */
const PARSED_WORK = 6;
const HASHED_WORK = 1;

/** Asks schemes about variants of one refused request, within the budget. */
export class Trials {
  /** What the verifications so far have looked at: what none of them read, no variant of it can help. */
  readonly touched = { url: false, body: false };
  readonly token: ReadToken | null;
  readonly #clock: { readonly nowMs: number; readonly toleranceSeconds: number };

  constructor(
    readonly refused: Refused,
    readonly facts: DiagnosisFacts,
    readonly budget: Budget,
  ) {
    this.token = tokenIn(refused.request.headers, facts.scheme.signatureHeaders);
    const nowMs = claimedTimeMs(this.token, 'iat') ?? refused.receivedAtMs;
    this.#clock = { nowMs, toleranceSeconds: ANY_TOLERANCE_SECONDS };
  }

  /** Whether a key vouches for the request, whatever the time; `null` when the budget is used up. */
  async verify(scheme: Scheme, request: SignedRequest, keys: readonly Key[]): Promise<Verdict | null> {
    if (!this.budget.spend(this.workOf(scheme, request, keys.length))) return null;
    return scheme.verify(this.watched(request), keys, this.#clock, this.facts.published);
  }

  /** What a verification takes. */
  workOf(scheme: Scheme, { body }: SignedRequest, keys: number): number {
    const perByte = scheme.signatureHeaders.length === 0 ? PARSED_WORK : HASHED_WORK;
    return Math.max(1, keys) * (WORK.verification[scheme.secretUse] + body.length * perByte);
  }

  /** A request that notes whether its URL and its body are read. */
  private watched(request: SignedRequest): SignedRequest {
    const { touched } = this;
    return {
      method: request.method,
      headers: request.headers,
      get url() {
        touched.url = true;
        return request.url;
      },
      get body() {
        touched.body = true;
        return request.body;
      },
    };
  }
}
