import { bearer, type Clock, type PublishedDocuments, type Refusal, refused } from '#signatures';
import type { SignedRequest, Verdict } from '#signatures';
import type { LiveKey, LiveSource } from './live-source.js';

type Accepted = Extract<Verdict, { readonly ok: true }>;

/** Whether a request may enter, and every secret that vouches for it. */
export type Admission = (Accepted & { readonly secretIds: readonly string[] }) | Refusal;

const bearerScheme = bearer();

/**
 * May this request enter? Decided over the received bytes alone, by the scheme of the source's provider and the
 * secrets that are active at `nowMs`; where the source requires it, by a bearer token as well. Fails closed: no active
 * secret, no entry.
 */
export function guardCallback(
  source: LiveSource,
  request: SignedRequest,
  { nowMs, published }: { nowMs: number; published: PublishedDocuments },
): Admission | Promise<Admission> {
  const keys = activeAt(source.keys, nowMs);
  if (keys.length === 0 && source.scheme.secretUse !== 'none') return refused('no_secret');
  const tolerance = source.config.tolerance_seconds;
  const clock = tolerance === undefined ? { nowMs } : { nowMs, toleranceSeconds: tolerance };
  const verdict = source.scheme.verify(request, keys, clock, published);
  const next = (signed: Verdict): Admission | Promise<Admission> =>
    signed.ok ? guardBearer(source, request, clock, signed) : signed;
  return 'then' in verdict ? verdict.then(next) : next(verdict);
}

/** Comes second: a token that somebody has thought up is slow to check, which strangers are not to make use of. */
function guardBearer(
  source: LiveSource,
  request: SignedRequest,
  clock: Clock,
  signed: Accepted,
): Admission | Promise<Admission> {
  if (source.bearerKeys === null) return admitted(signed, null);
  const verdict = bearerScheme.verify(request, activeAt(source.bearerKeys, clock.nowMs), clock);
  const next = (borne: Verdict): Admission => (borne.ok ? admitted(signed, borne.keyId) : borne);
  return 'then' in verdict ? verdict.then(next) : next(verdict);
}

/** An event names one secret: that of the signature, or, where nothing is signed, that of the token. */
function admitted({ keyId, signedAtMs }: Accepted, bearerId: string | null): Admission {
  const secretIds = keyId === null ? [] : [keyId];
  if (bearerId !== null) secretIds.push(bearerId);
  return { ok: true, keyId: secretIds[0] ?? null, signedAtMs, secretIds };
}

function activeAt<Live extends LiveKey>(keys: readonly Live[], nowMs: number): Live[] {
  return keys.filter((key) => key.expiresAtMs > nowMs);
}
