import { type AsymmetricAlgorithm, isSignedBy } from './compact-jws.js';
import { decodeStrictly, sameText } from './encoding.js';
import { prepareExpectation } from './expectation.js';
import { readHeader, refused } from './headers.js';
import { candidateKeys, keySetOf } from './key-set.js';
import type { Clock, Key, PublishedDocuments, Scheme, SignedRequest, Verdict } from './scheme.js';
import { bytesOf } from './signed-content.js';
import { signedRequestFormat, type SignedRequestOptions } from './signed-request.js';

/** What a provider decides about bare signatures by keys that it publishes. */
export interface SignatureByPublishedKeysOptions extends SignedRequestOptions {
  /** Default `signature-published-keys`. */
  readonly name?: string;
  readonly algorithm: AsymmetricAlgorithm;
  readonly encoding: 'hex-any-case' | 'base64';
  /** Where the provider publishes its JWK set; every key in it is tried, for the signature names none. */
  readonly keysUrl: string;
  /**
   * The header that names whom the message is for, which `content` must sign: the provider signs for everybody with the same
   * keys. The user pastes the value.
   */
  readonly recipient: { readonly header: string; readonly pattern: RegExp };
}

/** Whom messages must be for. */
interface Recipient {
  readonly name: string;
}

/**
 * A signature over a template, verified with the JWK set that the provider publishes.
 *
 * @param options what differs between providers
 * @throws RangeError when the template of the content is not one
 * @example signatureByPublishedKeys({ header: 'X-Signature', algorithm: 'EdDSA', encoding: 'hex-any-case', keysUrl, … })
 */
export function signatureByPublishedKeys(options: SignatureByPublishedKeysOptions): Scheme<Recipient> {
  const { algorithm, encoding, keysUrl, recipient, timestamp } = options;
  const recipientHeader = recipient.header.toLowerCase();
  const canonical = (text: string) => {
    const length = decodeStrictly(text, encoding)?.length ?? 0;
    return length > 0 ? text : null;
  };
  const format = signedRequestFormat(options, { canonical });

  async function verify(
    request: SignedRequest,
    keys: readonly Key<Recipient>[],
    clock: Clock,
    published?: PublishedDocuments,
  ): Promise<Verdict> {
    if (keys.length === 0) return refused('no_secret');
    const evidence = format.read(request);
    if ('ok' in evidence) return evidence;
    const addressee = readHeader(request.headers, recipientHeader);
    if (!addressee.ok) return addressee;
    const content = bytesOf(format.content, request, evidence);
    if (!Buffer.isBuffer(content)) return content;
    const signatures = evidence.candidates.map((text) => decodeStrictly(text, encoding) ?? Buffer.alloc(0));
    const outcome = await provenBy(published, content, signatures);
    if (outcome !== 'proven') return refused(outcome);
    const key = keys.find(({ material }) => sameText(material.name, addressee.value));
    return key === undefined ? refused('claim_invalid') : format.accept(request, key.id, evidence, clock);
  }

  /** Tries the set again when no key fits: the newest one may not be in the cached copy yet. */
  async function provenBy(
    published: PublishedDocuments | undefined,
    content: Buffer,
    signatures: readonly Buffer[],
  ): Promise<'proven' | 'no_secret' | 'signature_mismatch'> {
    let tried: Buffer | null = null;
    for (const age of ['cached', 'refreshed'] as const) {
      const document = (await published?.(keysUrl, age)) ?? null;
      const keySet = document === null ? null : keySetOf(document);
      if (keySet === null) return 'no_secret';
      if (document === tried) break;
      tried = document;
      const candidates = candidateKeys(keySet, algorithm, undefined);
      if (candidates.some((key) => signatures.some((bytes) => isSignedBy(key, algorithm, content, bytes))))
        return 'proven';
    }
    return 'signature_mismatch';
  }

  return {
    name: options.name ?? 'signature-published-keys',
    signatureHeaders: [...format.headerNames, recipient.header],
    signsTimestamp: timestamp !== undefined,
    defaultToleranceSeconds: timestamp?.toleranceSeconds ?? null,
    secretUse: 'public',
    prepareKey: (plainText) =>
      prepareExpectation(plainText, (name) => (recipient.pattern.test(name) ? { name } : null)),
    verify,
  };
}
