import type { Key, Scheme, SignedRequest, Verdict } from '#signatures';
import { type Budget, WORK } from './budget.js';
import type { DiagnosisFacts, Refused } from './refused.js';
import { algorithmIn, claimedTimeMs, type ReadToken, tokenIn } from './tokens.js';

/** Longer than any clock is wrong: the time is judged for itself once everything else is known. */
const ANY_TOLERANCE_SECONDS = 1e13;
/** RFC 7518 section 3.4: their arithmetic is not made fast as that of P-256 is. */
const SLOW_ALGORITHMS: readonly (string | null)[] = ['ES384', 'ES512'];

/** Asks schemes about variants of one refused request, within the budget. */
export class Trials {
  /** What the verifications so far have looked at: what none of them read, no variant of it can help. */
  readonly touched = { url: false, body: false };
  readonly token: ReadToken | null;
  readonly #isSlow: boolean;
  readonly #clock: { readonly nowMs: number; readonly toleranceSeconds: number };

  constructor(
    readonly refused: Refused,
    readonly facts: DiagnosisFacts,
    readonly budget: Budget,
  ) {
    this.token = tokenIn(refused.request.headers, facts.scheme.signatureHeaders);
    this.#isSlow = SLOW_ALGORITHMS.includes(
      algorithmIn(refused.request.headers, facts.scheme.signatureHeaders),
    );
    const nowMs = claimedTimeMs(this.token, 'iat') ?? refused.receivedAtMs;
    this.#clock = { nowMs, toleranceSeconds: ANY_TOLERANCE_SECONDS };
  }

  /**
   * The same for a request that nothing has been changed in: what the inbox has found is not found out once more where that
   * is slow, or where the request is to be read in another way next.
   */
  async verifyAsItIs(request: SignedRequest): Promise<Verdict | null> {
    const { reason } = this.refused;
    const { scheme, keys } = this.facts;
    const isFound = reason === 'signature_malformed' || reason === 'signature_mismatch';
    const isReadNext = scheme.otherwise !== undefined && scheme.secretUse === 'compute';
    if (!isFound || request !== this.refused.request || !(this.#isSlow || isReadNext))
      return this.verify(scheme, request, keys);
    if (this.#isSlow) Object.assign(this.touched, { url: true, body: true });
    return { ok: false, reason };
  }

  /** Whether a key vouches for the request, whatever the time; `null` when the budget is used up. */
  async verify(scheme: Scheme, request: SignedRequest, keys: readonly Key[]): Promise<Verdict | null> {
    if (!this.budget.spend(this.workOf(scheme, request, keys.length))) return null;
    return scheme.verify(this.watched(request), keys, this.#clock, this.facts.published);
  }

  /** What a verification takes. */
  workOf(scheme: Scheme, { body }: SignedRequest, keys: number): number {
    const isParsed = scheme.parsesBody === true || scheme.signatureHeaders.length === 0;
    const first = this.#isSlow ? WORK.slowVerification : WORK.verification[scheme.secretUse];
    const further = this.#isSlow ? WORK.slowVerification : WORK.furtherKey[scheme.secretUse];
    const url = isParsed ? WORK.takingUrlApart : WORK.writingUrl;
    const takingApart = (this.touched.url ? url : 0) + (isParsed ? WORK.takingBodyApart * body.length : 0);
    return (
      takingApart + first + Math.max(0, keys - 1) * further + Math.max(1, keys) * body.length * WORK.hashing
    );
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
