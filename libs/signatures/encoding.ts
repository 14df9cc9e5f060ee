import { createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { PreparedKey } from './prepared-key.js';

/** Hashes that providers sign with. */
export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Hashes of shared secrets: MD5 is broken and only here for senders that offer nothing else. */
export type DigestAlgorithm = HashAlgorithm | 'md5';

/**
 * How bytes are spelled. `hex` is lower case only, `hex-any-case` takes both; `base64` is the standard alphabet with
 * padding, `base64url` the URL alphabet without.
 */
export type ByteEncoding = 'hex' | 'hex-any-case' | 'base64' | 'base64url';

/** How a digest is spelled; `base64-of-hex` is the base64 of its lower-case hex digits. */
export type SignatureEncoding = ByteEncoding | 'base64-of-hex';

const DIGEST_BYTES: Record<DigestAlgorithm, number> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** How digests of one hash are written in one encoding. */
export interface DigestText {
  /** What `Hmac.digest` is asked for. */
  readonly encoding: 'hex' | 'base64' | 'base64url';
  /** The received text in the one spelling that is compared, or `null` when it cannot be such a digest. */
  readonly canonical: (text: string) => string | null;
  /** The same for a text that is compared at once: what only looks like a digest by its length, equals none. */
  readonly plausible: (text: string) => string | null;
  /** Compares two texts in constant time; true for the same text only. */
  readonly same: (left: string, right: string) => boolean;
  /** A canonical text as it is sent. */
  readonly spelled: (canonical: string) => string;
}

/**
 * The text form of a digest. Exactly one spelling of each signature is accepted, so comparing texts is comparing bytes.
 *
 * @param algorithm decides the length
 * @param encoding decides the alphabet
 * @example digestText('sha256', 'hex').canonical('AB') // null: not 64 lower-case hex digits
 */
export function digestText(algorithm: DigestAlgorithm, encoding: SignatureEncoding): DigestText {
  const bytes = DIGEST_BYTES[algorithm];
  if (encoding === 'base64-of-hex') return digestTextOfHex(bytes);
  const pattern = digestPattern(bytes, encoding);
  if (encoding === 'hex-any-case') {
    const canonical = (text: string) => (pattern.test(text) ? text.toLowerCase() : null);
    return { encoding: 'hex', canonical, plausible: canonical, same: comparison(bytes * 2), spelled: asItIs };
  }
  const { length } = Buffer.alloc(bytes).toString(encoding);
  const canonical = (text: string) => (pattern.test(text) ? text : null);
  const plausible = (text: string) => (text.length === length ? text : null);
  return { encoding, canonical, plausible, same: comparison(length), spelled: asItIs };
}

function digestTextOfHex(bytes: number): DigestText {
  const pattern = digestPattern(bytes, 'hex');
  const canonical = (text: string) => {
    const digits = decodeStrictly(text, 'base64')?.toString('latin1') ?? '';
    return pattern.test(digits) ? digits : null;
  };
  const spelled = (digits: string) => Buffer.from(digits).toString('base64');
  return { encoding: 'hex', canonical, plausible: canonical, same: comparison(bytes * 2), spelled };
}

/**
 * Takes a digest in any spelling: hex or base64 of either alphabet, padded or not, or escaped as in a URL. For finding out
 * what a sender does, never for letting a request in.
 */
export function digestInAnySpelling(algorithm: DigestAlgorithm): DigestText {
  const bytes = DIGEST_BYTES[algorithm];
  const canonical = (text: string) =>
    digitsOf(text, bytes) ?? (text.includes('%') ? digitsOf(unescaped(text), bytes) : null);
  return { encoding: 'hex', canonical, plausible: canonical, same: comparison(bytes * 2), spelled: asItIs };
}

const HEX_DIGITS = /^[0-9a-fA-F]+$/;
const ANY_BASE64 = /^[\w+/-]+={0,2}$/;

function digitsOf(text: string, bytes: number): string | null {
  if (text.length < bytes || text.length > bytes * 3) return null;
  if (text.length === bytes * 2 && HEX_DIGITS.test(text)) return text.toLowerCase();
  if (!ANY_BASE64.test(text)) return null;
  const decoded = Buffer.from(text, 'base64');
  if (decoded.length === bytes) return decoded.toString('hex');
  const digits = decoded.length === bytes * 2 ? decoded.toString('latin1') : '';
  return HEX_DIGITS.test(digits) ? digits.toLowerCase() : null;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function asItIs(text: string): string {
  return text;
}

/** Two buffers are kept for all comparisons: making new ones takes longer than comparing, and nothing waits in between. */
function comparison(length: number): (left: string, right: string) => boolean {
  const leftBytes = Buffer.alloc(length);
  const rightBytes = Buffer.alloc(length);
  return (left, right) => {
    if (left.length !== length || right.length !== length) return false;
    leftBytes.write(left, 'latin1');
    rightBytes.write(right, 'latin1');
    // A byte holds no character beyond U+00FF: what was cut to fit may only look the same.
    return timingSafeEqual(leftBytes, rightBytes) && left === right;
  };
}

// One character class with a fixed count each: nothing for a regular expression to backtrack over.
function digestPattern(bytes: number, encoding: ByteEncoding): RegExp {
  const characters = Math.ceil((bytes * 8) / 6);
  switch (encoding) {
    case 'hex':
      return new RegExp(`^[0-9a-f]{${bytes * 2}}$`);
    case 'hex-any-case':
      return new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`);
    case 'base64':
      return new RegExp(`^[A-Za-z0-9+/]{${characters}}${'='.repeat((4 - (characters % 4)) % 4)}$`);
    case 'base64url':
      return new RegExp(`^[A-Za-z0-9_-]{${characters}}$`);
  }
}

/**
 * Compares two texts in a time that depends on their lengths only.
 *
 * @example sameText('abc', 'abd') // false
 */
export function sameText(left: string, right: string): boolean {
  const leftBytes = Buffer.from(left);
  const rightBytes = Buffer.from(right);
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes);
}

/**
 * Decodes base64 or hex, taking one spelling per value only: no white space, no foreign or left-over characters.
 *
 * @returns `null` when the text is not the canonical spelling of some bytes
 * @example decodeStrictly('q6s=', 'base64') // <Buffer ab ab>
 */
export function decodeStrictly(text: string, encoding: ByteEncoding): Buffer | null {
  const canonical = encoding === 'hex-any-case' ? text.toLowerCase() : text;
  const name = encoding === 'hex-any-case' ? 'hex' : encoding;
  const bytes = Buffer.from(canonical, name);
  return bytes.toString(name) === canonical ? bytes : null;
}

/** How the text of a shared secret becomes the bytes of a key. */
export interface SecretFormat {
  /** `text`: its UTF-8 bytes, prefix included (default); otherwise what it decodes to. */
  readonly decode?: 'text' | 'base64' | 'hex';
  /** Prefixes that are taken off before decoding, the first that fits; e.g. `whsec_`. */
  readonly stripPrefixes?: readonly string[];
  /** Default 8: many providers let their users choose the secret, and what they chose has to work. */
  readonly minimumBytes?: number;
  /** Default 1024. */
  readonly maximumBytes?: number;
  /** Turns the decoded bytes into the key, where a provider hashes or extends its secret first. */
  readonly derive?: (secret: Buffer) => Buffer;
}

/**
 * Makes an HMAC key of the text a user pasted; fails closed on empty, short and mangled ones.
 *
 * @param plainSecret the text exactly as given
 * @param format how it is to be read
 * @returns the key, or a problem that never repeats the secret
 * @example prepareSecret('whsec_', { decode: 'base64', stripPrefixes: ['whsec_'] }) // { ok: false, problem: … }
 */
export function prepareSecret(plainSecret: string, format: SecretFormat = {}): PreparedKey<KeyObject> {
  const secret = prepareSecretBytes(plainSecret, format);
  return secret.ok ? { ok: true, material: createSecretKey(secret.material) } : secret;
}

/**
 * The bytes of the key that {@link prepareSecret} makes, for schemes that hash them together with the message.
 *
 * @example prepareSecretBytes('a-secret-of-some-length') // { ok: true, material: <Buffer …> }
 */
export function prepareSecretBytes(plainSecret: string, format: SecretFormat = {}): PreparedKey<Buffer> {
  const { decode = 'text', minimumBytes = 8, maximumBytes = 1024, derive } = format;
  const spelling = spellingProblem(plainSecret);
  if (spelling !== null) return { ok: false, problem: spelling };
  const text = stripped(plainSecret, format.stripPrefixes ?? []);
  const bytes = secretBytes(text, decode);
  if (bytes === null) return { ok: false, problem: `the secret is not valid ${decode}` };
  if (bytes.length < minimumBytes)
    return { ok: false, problem: `the secret is shorter than ${minimumBytes} bytes` };
  if (bytes.length > maximumBytes)
    return { ok: false, problem: `the secret is longer than ${maximumBytes} bytes` };
  return { ok: true, material: derive === undefined ? bytes : derive(bytes) };
}

/**
 * What is wrong with a pasted text whatever it is for: nothing in it, white space around it, or half a character.
 *
 * @returns the problem in words, or `null`
 * @example spellingProblem('abc\n') // 'the secret begins or ends with white space'
 */
export function spellingProblem(plainSecret: string): string | null {
  const trimmed = plainSecret.trim();
  if (trimmed === '') return 'the secret is empty';
  if (/^(?:v1a?,)?wh(?:sec|sk|pk)_$/.test(trimmed)) return 'the secret is a prefix with nothing behind it';
  if (trimmed !== plainSecret) return 'the secret begins or ends with white space';
  // A lone surrogate would silently become U+FFFD, and so would every other one: different secrets, same key.
  if (Buffer.from(plainSecret).toString() !== plainSecret) return 'the secret is not valid Unicode';
  return null;
}

function stripped(text: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((candidate) => text.startsWith(candidate));
  return prefix === undefined ? text : text.slice(prefix.length);
}

function secretBytes(text: string, decode: 'text' | 'base64' | 'hex'): Buffer | null {
  if (decode === 'text') return Buffer.from(text);
  if (decode === 'hex') return decodeStrictly(text, 'hex-any-case');
  // Some dashboards print their base64 without the padding.
  return decodeStrictly(text.padEnd(Math.ceil(text.length / 4) * 4, '='), 'base64');
}
