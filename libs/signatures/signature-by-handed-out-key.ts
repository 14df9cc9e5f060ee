import { verify as verifySignature, type KeyObject } from 'node:crypto';
import type { HashAlgorithm } from './encoding.js';
import {
  type ClientCredentials,
  type HandedOutKeys,
  keyFinder,
  prepareCredentials,
} from './handed-out-key.js';
import { readHeader, refused } from './headers.js';
import type { Clock, Key, PublishedDocuments, Scheme, SignedRequest, Verdict } from './scheme.js';

/** What stands in the header of a signature: which key made it, and its bytes. */
export interface NamedSignature {
  readonly keyId: string;
  readonly signature: Buffer;
}

/** What a provider decides about signatures whose keys it hands out to its customers. */
export interface SignatureByHandedOutKeyOptions {
  /** Default `ecdsa-handed-out-key`. */
  readonly name?: string;
  /** The header of the signature, as the provider spells it. */
  readonly header: string;
  /** Reads the header; `null` when it is not as the provider writes it, or names another algorithm. */
  readonly read: (value: string) => NamedSignature | null;
  /** ECDSA on P-256 over this hash of the body, written as DER. */
  readonly hash: HashAlgorithm;
  readonly keys: HandedOutKeys;
}

/**
 * ECDSA over the body with a key that the provider's API hands out to whoever shows credentials. They are the secret:
 * encrypted at rest, and sent to the provider alone.
 *
 * @param options what differs between providers
 * @example signatureByHandedOutKey({ header: 'X-EBAY-SIGNATURE', hash: 'sha1', read: envelope, keys })
 */
export function signatureByHandedOutKey(options: SignatureByHandedOutKeyOptions): Scheme<ClientCredentials> {
  const headerName = options.header.toLowerCase();
  const findKey = keyFinder(options.keys);

  async function verify(
    request: SignedRequest,
    keys: readonly Key<ClientCredentials>[],
    _clock: Clock,
    published?: PublishedDocuments,
  ): Promise<Verdict> {
    if (keys.length === 0) return refused('no_secret');
    const reading = readHeader(request.headers, headerName);
    if (!reading.ok) return reading;
    const named = options.read(reading.value);
    if (named === null || !options.keys.keyId.test(named.keyId)) return refused('signature_malformed');
    let refusal = refused('no_secret');
    for (const { id, material } of keys) {
      const key = await findKey(named.keyId, material, published);
      if (key === null) continue;
      if (isGenuine(key, request.body, named.signature)) return { ok: true, keyId: id, signedAtMs: null };
      refusal = refused('signature_mismatch');
    }
    return refusal;
  }

  function isGenuine(key: KeyObject, body: Buffer, signature: Buffer): boolean {
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false;
    return verifySignature(options.hash, body, { key, dsaEncoding: 'der' }, signature);
  }

  return {
    name: options.name ?? 'ecdsa-handed-out-key',
    signatureHeaders: [options.header],
    signsTimestamp: false,
    defaultToleranceSeconds: null,
    secretUse: 'compute',
    prepareKey: prepareCredentials,
    verify,
  };
}
