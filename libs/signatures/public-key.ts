import { constants, createPublicKey, verify as verifySignature, type KeyObject } from 'node:crypto';
import { decodeStrictly, type HashAlgorithm, spellingProblem } from './encoding.js';
import { refused } from './headers.js';
import type { Clock, Deviation, Key, PreparedKey, Scheme, SignedRequest, Verdict } from './scheme.js';
import { bytesOf } from './signed-content.js';
import { signedRequestFormat, type SignedRequestOptions } from './signed-request.js';

/** What is computed with the key; fixed by configuration, never told by the request. */
export type PublicKeyAlgorithm =
  | { readonly kind: 'ed25519' }
  | {
      readonly kind: 'ecdsa';
      readonly hash: HashAlgorithm;
      readonly curve: 'P-256' | 'P-384' | 'P-521';
      /** `der` is what OpenSSL and Java write, `p1363` what WebCrypto and JWS write. */
      readonly signature: 'der' | 'p1363';
    }
  | {
      readonly kind: 'rsa';
      readonly hash: HashAlgorithm;
      /** Default PKCS #1 v1.5; `pss` takes any length of salt and the same hash for its mask. */
      readonly padding?: 'pss';
    };

/** How the vendor prints its key: PEM, PEM without its armour, or the 32 bytes of an Ed25519 key. */
export interface PublicKeyFormat {
  readonly format: 'pem' | 'spki-base64' | 'raw-hex' | 'raw-base64' | 'raw-base64url';
  readonly stripPrefix?: string;
}

/** What a provider decides about its signature by a private key. */
export interface PublicKeyOptions extends SignedRequestOptions {
  readonly name?: string;
  readonly algorithm: PublicKeyAlgorithm;
  /** `percent-encoded-base64` is base64 whose `+`, `/` and `=` are escaped as in a URL. */
  readonly encoding: 'hex-any-case' | 'base64' | 'base64url' | 'percent-encoded-base64';
  readonly key: PublicKeyFormat;
}

const CURVES = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' } as const;
const RAW_ENCODINGS = {
  'raw-hex': 'hex-any-case',
  'raw-base64': 'base64',
  'raw-base64url': 'base64url',
} as const;
const MINIMUM_RSA_BITS = 2048;
const MAXIMUM_KEY_CHARACTERS = 8192;

/**
 * Ed25519, ECDSA or RSA over a template, verified with the provider's public key. We hold no private key, so
 * there is no `sign`.
 *
 * @param options what differs between providers
 * @throws RangeError when the template of the content is not one
 * @example publicKey({ header: 'X-Signature-Ed25519', algorithm: { kind: 'ed25519' }, encoding: 'hex-any-case', … })
 */
export function publicKey(options: PublicKeyOptions): Scheme<KeyObject> {
  return deviating(options, {});
}

function deviating(options: PublicKeyOptions, deviation: Deviation): Scheme<KeyObject> {
  const { algorithm, encoding, timestamp } = options;
  const isAnywhere = deviation.spelling === 'any';
  const [shortest, longest] = signatureBytes(isAnywhere ? inEitherForm(algorithm) : algorithm);
  const decode = isAnywhere ? decodeAnySpelling : decoderOf(encoding);
  const canonical = (text: string) => {
    const length = decode(text)?.length ?? 0;
    return length >= shortest && length <= longest ? text : null;
  };
  const format = signedRequestFormat(options, { canonical, isAnywhere });
  const hash = algorithm.kind === 'ed25519' ? null : algorithm.hash;

  function verify(request: SignedRequest, keys: readonly Key<KeyObject>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const evidence = format.read(request);
    if ('ok' in evidence) return evidence;
    const content = bytesOf(format.content, request, evidence);
    if (!Buffer.isBuffer(content)) return content;
    for (const candidate of evidence.candidates) {
      const signature = decode(candidate) ?? Buffer.alloc(0);
      const parameters = parametersOf(isAnywhere ? formOf(signature, algorithm) : algorithm);
      for (const { id, material } of keys) {
        const isGenuine = verifySignature(hash, content, { key: material, ...parameters }, signature);
        if (isGenuine) return format.accept(request, id, evidence, clock);
      }
    }
    return refused('signature_mismatch');
  }

  return {
    name: options.name ?? algorithm.kind,
    signatureHeaders: format.headerNames,
    signsTimestamp: timestamp !== undefined,
    defaultToleranceSeconds: timestamp?.toleranceSeconds ?? null,
    secretUse: 'public',
    prepareKey: (plainKey) => preparePublicKey(plainKey, options.key, algorithm),
    verify,
    otherwise: (other) => deviating(options, { ...deviation, ...other }),
  };
}

/** DER and the bare pair of numbers: the longer one in general, the other one by its length. */
function inEitherForm(algorithm: PublicKeyAlgorithm): PublicKeyAlgorithm {
  return algorithm.kind === 'ecdsa' ? { ...algorithm, signature: 'der' } : algorithm;
}

function formOf(signature: Buffer, algorithm: PublicKeyAlgorithm): PublicKeyAlgorithm {
  if (algorithm.kind !== 'ecdsa') return algorithm;
  const [pairBytes] = signatureBytes({ ...algorithm, signature: 'p1363' });
  return { ...algorithm, signature: signature.length === pairBytes ? 'p1363' : 'der' };
}

/** Hex or base64 of either alphabet, padded or not, or escaped as in a URL. */
function decodeAnySpelling(text: string): Buffer | null {
  if (text.length % 2 === 0 && /^[0-9a-f]+$/i.test(text)) return Buffer.from(text, 'hex');
  const plain = /^(?:[\w+/-]|%2[BbFf])+(?:={0,2}|(?:%3[Dd]){1,2})$/.test(text) ? unescaped(text) : '';
  return plain === '' ? null : Buffer.from(plain, 'base64');
}

function unescaped(text: string): string {
  return text.replace(/%2b/gi, '+').replace(/%2f/gi, '/').replace(/%3d/gi, '=');
}

/** How the signature on the wire becomes bytes; `null` when it is not spelled so. */
function decoderOf(encoding: PublicKeyOptions['encoding']): (text: string) => Buffer | null {
  if (encoding !== 'percent-encoded-base64') return (text) => decodeStrictly(text, encoding);
  return (text) => {
    try {
      return decodeStrictly(decodeURIComponent(text), 'base64');
    } catch {
      return null;
    }
  };
}

/** What node:crypto must be told besides hash and key. */
function parametersOf(algorithm: PublicKeyAlgorithm): {
  readonly dsaEncoding?: 'der' | 'ieee-p1363';
  readonly padding?: number;
  readonly saltLength?: number;
} {
  if (algorithm.kind === 'rsa' && algorithm.padding === 'pss')
    return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  if (algorithm.kind !== 'ecdsa') return {};
  return { dsaEncoding: algorithm.signature === 'p1363' ? 'ieee-p1363' : 'der' };
}

/** Fewest and most bytes that a signature of this kind can have. */
function signatureBytes(algorithm: PublicKeyAlgorithm): readonly [number, number] {
  switch (algorithm.kind) {
    case 'ed25519':
      return [64, 64];
    case 'rsa':
      return [MINIMUM_RSA_BITS / 8, 1024];
    case 'ecdsa': {
      const pair = { 'P-256': 64, 'P-384': 96, 'P-521': 132 }[algorithm.curve];
      // DER drops leading zeros of the two numbers and adds up to nine bytes of its own.
      return algorithm.signature === 'p1363' ? [pair, pair] : [8, pair + 9];
    }
  }
}

function preparePublicKey(
  plainKey: string,
  { format, stripPrefix = '' }: PublicKeyFormat,
  algorithm: PublicKeyAlgorithm,
): PreparedKey<KeyObject> {
  const trimmed = plainKey.trim();
  const spelling = spellingProblem(trimmed);
  if (spelling !== null) return { ok: false, problem: spelling.replace('secret', 'key') };
  if (trimmed.length > MAXIMUM_KEY_CHARACTERS) return { ok: false, problem: 'the key is too long' };
  // node:crypto would quietly derive the public key, and we would have stored somebody's private key in the open.
  if (trimmed.includes('PRIVATE KEY'))
    return { ok: false, problem: 'this is a private key; the public one is needed' };
  const text = trimmed.startsWith(stripPrefix) ? trimmed.slice(stripPrefix.length) : trimmed;
  const key = parseKey(text, format);
  if (key === null) return { ok: false, problem: `the text is not a public key in the form ${format}` };
  const problem = unfitness(key, algorithm);
  return problem === null ? { ok: true, material: key } : { ok: false, problem };
}

function parseKey(text: string, format: PublicKeyFormat['format']): KeyObject | null {
  try {
    if (format === 'pem') return createPublicKey(text);
    if (format === 'spki-base64') {
      const der = decodeStrictly(text.replaceAll(/\s/g, ''), 'base64');
      return der === null ? null : createPublicKey({ key: der, format: 'der', type: 'spki' });
    }
    const raw = decodeStrictly(text, RAW_ENCODINGS[format]);
    if (raw?.length !== 32) return null;
    return createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    });
  } catch {
    return null;
  }
}

function unfitness(key: KeyObject, algorithm: PublicKeyAlgorithm): string | null {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (algorithm.kind) {
    case 'ed25519':
      return key.asymmetricKeyType === 'ed25519' ? null : 'the key is not an Ed25519 key';
    case 'ecdsa':
      return namedCurve === CURVES[algorithm.curve] ? null : `the key is not on the curve ${algorithm.curve}`;
    case 'rsa':
      if (key.asymmetricKeyType !== 'rsa') return 'the key is not an RSA key';
      return modulusLength >= MINIMUM_RSA_BITS ? null : `the RSA key has fewer than ${MINIMUM_RSA_BITS} bits`;
  }
}
