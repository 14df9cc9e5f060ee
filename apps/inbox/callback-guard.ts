import type { PublishedDocuments, SignedRequest, Verdict } from '#signatures';
import type { LiveSource } from '#sources';

/**
 * May this request enter? Decided over the received bytes alone, by the scheme of the source's provider and the
 * secrets that are active at `nowMs`. Fails closed: no active secret, no entry.
 */
export function guardCallback(
  source: LiveSource,
  request: SignedRequest,
  { nowMs, published }: { nowMs: number; published: PublishedDocuments },
): Verdict | Promise<Verdict> {
  const keys = source.keys.filter((key) => key.expiresAtMs > nowMs);
  if (keys.length === 0 && source.scheme.secretUse !== 'none') return { ok: false, reason: 'no_secret' };
  const tolerance = source.config.tolerance_seconds;
  const clock = tolerance === undefined ? { nowMs } : { nowMs, toleranceSeconds: tolerance };
  return source.scheme.verify(request, keys, clock, published);
}
