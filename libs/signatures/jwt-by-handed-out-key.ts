import {
  acceptedAlgorithm,
  type AsymmetricAlgorithm,
  type Claims,
  type CompactJws,
  isFit,
  isSignedBy,
  parseSegment,
  takeApart,
} from './compact-jws.js';
import {
  type ClientCredentials,
  type HandedOutKeys,
  keyFinder,
  prepareCredentials,
} from './handed-out-key.js';
import { readHeader, refused, type Refusal } from './headers.js';
import type { Clock, Key, PublishedDocuments, Scheme, SignedRequest, Verdict } from './scheme.js';
import { isTimely } from './signed-time.js';
import { type BodyClaim, isBodyClaimed, issuedAtMs, judgeTimes } from './token-claims.js';

/** What a provider decides about tokens whose keys it hands out to its customers. */
export interface JwtByHandedOutKeyOptions {
  /** Default `jwt-handed-out-key`. */
  readonly name?: string;
  /** The header of the token, as the provider spells it. */
  readonly header: string;
  /** The only algorithms that are accepted, whatever the token says. */
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly bodyClaim: BodyClaim;
  /** How far `iat`, which must be there, may be from now. */
  readonly toleranceSeconds: number;
  readonly keys: HandedOutKeys;
}

interface Presented {
  readonly jws: CompactJws;
  readonly algorithm: AsymmetricAlgorithm;
  readonly keyId: string;
}

/**
 * A JSON Web Token that holds a hash of the body, verified with a key that the provider's API hands out to whoever shows
 * credentials. They are the secret: encrypted at rest, and sent to the provider alone.
 *
 * @param options what differs between providers
 * @example jwtByHandedOutKey({ header: 'Plaid-Verification', algorithms: ['ES256'], toleranceSeconds: 300, … })
 */
export function jwtByHandedOutKey(options: JwtByHandedOutKeyOptions): Scheme<ClientCredentials> {
  const { header, toleranceSeconds } = options;
  const findKey = keyFinder(options.keys);

  async function verify(
    request: SignedRequest,
    keys: readonly Key<ClientCredentials>[],
    clock: Clock,
    published?: PublishedDocuments,
  ): Promise<Verdict> {
    if (keys.length === 0) return refused('no_secret');
    const presented = present(request, options);
    if ('ok' in presented) return presented;
    let refusal = refused('no_secret');
    for (const { id, material } of keys) {
      const key = await findKey(presented.keyId, material, published);
      if (key === null) continue;
      if (isGenuine(presented, key)) return judge(id, presented.jws, request, clock);
      refusal = refused('signature_mismatch');
    }
    return refusal;
  }

  function judge(keyId: string, jws: CompactJws, request: SignedRequest, clock: Clock): Verdict {
    const claims = parseSegment(jws.payloadSegment);
    if (claims === null) return refused('signature_malformed');
    const signedAtMs = issuedAtMs(claims);
    if (signedAtMs === null || !isBodyClaimed(claims, options.bodyClaim, request.body))
      return refused('claim_invalid');
    return judgeAge(claims, signedAtMs, clock) ?? { ok: true, keyId, signedAtMs };
  }

  function judgeAge(claims: Claims, signedAtMs: number, clock: Clock): Refusal | null {
    if (!isTimely(signedAtMs, clock, toleranceSeconds)) return refused('timestamp_outside_tolerance');
    const seconds = clock.toleranceSeconds ?? toleranceSeconds;
    return judgeTimes(claims, Math.floor(clock.nowMs / 1000), seconds);
  }

  return {
    name: options.name ?? 'jwt-handed-out-key',
    signatureHeaders: [header],
    signsTimestamp: true,
    defaultToleranceSeconds: toleranceSeconds,
    secretUse: 'compute',
    prepareKey: prepareCredentials,
    verify,
  };
}

function present(
  request: SignedRequest,
  { header, algorithms, keys }: JwtByHandedOutKeyOptions,
): Presented | Refusal {
  const reading = readHeader(request.headers, header.toLowerCase());
  if (!reading.ok) return reading;
  const jws = takeApart(reading.value);
  const algorithm = jws === null ? null : acceptedAlgorithm(jws.header, algorithms);
  if (jws === null || algorithm === null) return refused('signature_malformed');
  const { kid } = jws.header;
  return typeof kid === 'string' && keys.keyId.test(kid)
    ? { jws, algorithm, keyId: kid }
    : refused('signature_malformed');
}

function isGenuine({ jws, algorithm }: Presented, key: Parameters<typeof isFit>[0]): boolean {
  const content = Buffer.from(`${jws.headerSegment}.${jws.payloadSegment}`);
  return isFit(key, algorithm) && isSignedBy(key, algorithm, content, jws.signature);
}
