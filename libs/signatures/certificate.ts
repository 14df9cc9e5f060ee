import { verify as verifySignature, X509Certificate, type KeyObject } from 'node:crypto';
import { type Trust, vouchedKey } from './certificate-chain.js';
import { type HashAlgorithm, spellingProblem } from './encoding.js';
import { refused, type Refusal } from './headers.js';
import type {
  Clock,
  Key,
  PreparedKey,
  PublishedDocuments,
  Scheme,
  SignedRequest,
  Verdict,
} from './scheme.js';
import { isTimely } from './signed-time.js';

/** A message that names the certificate it was signed with; nothing in it is believed yet. */
export interface CertifiedMessage {
  readonly signature: Buffer;
  readonly hash: HashAlgorithm;
  readonly certificateUrl: string;
  readonly signedAtMs: number | null;
  /** The signed bytes, if this message is meant for the subscriber of that name; `null` if it is for somebody else. */
  contentFor(identifier: string): Buffer | null;
}

/** Finds the parts of a certified message in a request. */
export type CertifiedMessageReader = (request: SignedRequest) => CertifiedMessage | Refusal;

/** What a provider decides about its certificates. */
export interface CertificateOptions {
  readonly name: string;
  /** Headers that belong to the signature, if it is not in the body. */
  readonly signatureHeaders?: readonly string[];
  readonly read: CertifiedMessageReader;
  /** The only places certificates are taken from: host and path of an `https` URL, each from beginning to end. */
  readonly certificateUrl: { readonly host: RegExp; readonly path: RegExp };
  /** A host name the certificate must be made out to. */
  readonly subject?: string;
  /** Roots (PEM) that the chain must end in; absent: the provider's host name and TLS vouch for the certificate alone. */
  readonly anchors?: readonly string[];
  /** How old a message may be; `null` where deliveries are retried for days with their first time. */
  readonly toleranceSeconds: number | null;
  /** What is wrong with the name of a subscription, or `null`. */
  identifierProblem(identifier: string): string | null;
}

const MAXIMUM_CHAIN = 8;
const MAXIMUM_DOCUMENT_BYTES = 64 * 1024;
const MINIMUM_RSA_BITS = 2048;

/**
 * RSA by the key of an X.509 certificate that the message names and the provider publishes.
 *
 * The certificate proves that the provider sent the message, which it does for everybody; that it is meant for us is
 * proved by the identifier of the subscription, the "secret" of this scheme, which is public.
 *
 * @param options what differs between providers
 * @example certificateSignature({ name: 'sns', read: certifiedJson({ … }), certificateUrl: { host: /^sns\.…$/, path: /^\/…\.pem$/ }, … })
 */
export function certificateSignature(options: CertificateOptions): Scheme<string> {
  const { toleranceSeconds } = options;
  const anchors = options.anchors?.map((pem) => new X509Certificate(pem)) ?? null;

  async function verify(
    request: SignedRequest,
    keys: readonly Key<string>[],
    clock: Clock,
    published?: PublishedDocuments,
  ): Promise<Verdict> {
    if (keys.length === 0) return refused('no_secret');
    const message = options.read(request);
    if ('ok' in message) return message;
    if (!isAllowed(message.certificateUrl, options.certificateUrl)) return refused('claim_invalid');
    const document = (await published?.(message.certificateUrl, 'cached')) ?? null;
    if (document === null) return refused('no_secret');
    const publicKey = strongKey(chainOf(document), options.subject, { nowMs: clock.nowMs, anchors });
    if (publicKey === null) return refused('claim_invalid');
    return judge(message, keys, publicKey, clock);
  }

  function judge(
    message: CertifiedMessage,
    keys: readonly Key<string>[],
    publicKey: KeyObject,
    clock: Clock,
  ): Verdict {
    const { signedAtMs, signature, hash } = message;
    let isForUs = false;
    for (const { id, material } of keys) {
      const content = message.contentFor(material);
      if (content === null) continue;
      isForUs = true;
      if (!verifySignature(hash, content, publicKey, signature)) continue;
      if (toleranceSeconds === null) return { ok: true, keyId: id, signedAtMs };
      if (signedAtMs === null) return refused('signature_malformed');
      const isInTime = isTimely(signedAtMs, clock, toleranceSeconds);
      return isInTime ? { ok: true, keyId: id, signedAtMs } : refused('timestamp_outside_tolerance');
    }
    return refused(isForUs ? 'signature_mismatch' : 'claim_invalid');
  }

  return {
    name: options.name,
    signatureHeaders: options.signatureHeaders ?? [],
    signsTimestamp: true,
    defaultToleranceSeconds: toleranceSeconds,
    secretUse: 'public',
    prepareKey: (identifier) => prepareIdentifier(identifier, options),
    verify,
  };
}

function prepareIdentifier(identifier: string, options: CertificateOptions): PreparedKey<string> {
  const problem =
    spellingProblem(identifier)?.replace('secret', 'text') ?? options.identifierProblem(identifier);
  return problem === null ? { ok: true, material: identifier } : { ok: false, problem };
}

/** Only now may anybody be asked to fetch it: the URL came with the message, so it could point anywhere. */
function isAllowed(text: string, { host, path }: CertificateOptions['certificateUrl']): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isPlain =
    url.username === '' && url.password === '' && url.port === '' && url.search === '' && url.hash === '';
  return url.protocol === 'https:' && isPlain && host.test(url.hostname) && path.test(url.pathname);
}

/** The key of the signer's certificate, if it is made out to the right host and strong enough. */
function strongKey(
  chain: readonly X509Certificate[],
  subject: string | undefined,
  trust: Trust,
): KeyObject | null {
  if (subject !== undefined && chain[0]?.checkHost(subject) === undefined) return null;
  const key = vouchedKey(chain, trust);
  const { modulusLength = 0 } = key?.asymmetricKeyDetails ?? {};
  return key?.asymmetricKeyType === 'rsa' && modulusLength >= MINIMUM_RSA_BITS ? key : null;
}

const chains = new WeakMap<Buffer, readonly X509Certificate[]>();

/** A fetched chain is parsed once for as long as its bytes stay in the cache of whoever fetched it. */
function chainOf(document: Buffer): readonly X509Certificate[] {
  const known = chains.get(document);
  if (known !== undefined) return known;
  const chain = parseChain(document);
  chains.set(document, chain);
  return chain;
}

function parseChain(document: Buffer): readonly X509Certificate[] {
  if (document.length > MAXIMUM_DOCUMENT_BYTES) return [];
  const begin = '-----BEGIN CERTIFICATE-----';
  const texts = document.toString('latin1').split(begin).slice(1);
  if (texts.length > MAXIMUM_CHAIN) return [];
  try {
    return texts.map((text) => new X509Certificate(begin + text));
  } catch {
    return [];
  }
}
