import { hash, timingSafeEqual } from 'node:crypto';
import { decodeStrictly, spellingProblem } from './encoding.js';
import { LIMITS, readHeader, refused, type Refusal } from './headers.js';
import { type FieldPlace, fieldReader, RequestFields } from './request-fields.js';
import type { HeaderPairs, Key, PreparedKey, Scheme, SignedRequest, Verdict } from './scheme.js';

/**
 * A secret that is only compared. {@link Scheme.prepareKey} makes one of the plain text; whoever keeps only a slow hash of
 * it can hand in one that asks that hash.
 */
export interface Credential {
  matches(presented: string): boolean | Promise<boolean>;
}

/** Where a shared token stands. */
export type TokenPlace =
  | { readonly header: string; /** Stands before the token, e.g. `Token `. */ readonly prefix?: string }
  | FieldPlace;

type Presented = { readonly ok: true; readonly text: string } | Refusal;

const MINIMUM_BYTES = 8;
const MAXIMUM_BYTES = 1024;

/**
 * A token that the sender repeats in every request. It says who sends; it does not bind the body.
 *
 * @param place the header, the query parameter or the field of the body it stands in
 * @throws RangeError when a pointer is not one
 * @example sharedToken({ header: 'X-Gitlab-Token' })
 * @example sharedToken({ json: '/passcode' })
 */
export function sharedToken(place: TokenPlace): Scheme<Credential> {
  if (!('header' in place)) {
    const read = fieldReader(place);
    const name = 'query' in place ? 'token-query' : 'token-body';
    const scheme = credentialScheme(name, [], (request) => fromField(read(new RequestFields(request))));
    return 'query' in place ? { ...scheme, tokenParameter: place.query } : scheme;
  }
  const { header, prefix = '' } = place;
  const name = header.toLowerCase();
  return credentialScheme('token-header', [header], ({ headers }) => {
    const value = onlyHeader(headers, name);
    if (typeof value !== 'string') return value;
    return value.startsWith(prefix)
      ? presented(value.slice(prefix.length))
      : refused('authorization_mismatch');
  });
}

/**
 * `Authorization: Bearer <token>` (RFC 6750).
 *
 * @example bearer().prepareKey('a-token-of-the-sender')
 */
export function bearer(): Scheme<Credential> {
  return credentialScheme('bearer', ['Authorization'], ({ headers }) =>
    fromAuthorization(headers, 'bearer '),
  );
}

/**
 * `Authorization: Basic <base64>` (RFC 7617); the plain secret is `user:password`.
 *
 * @example basic().prepareKey('callbox:correct horse battery')
 */
export function basic(): Scheme<Credential> {
  const scheme = credentialScheme('basic', ['Authorization'], ({ headers }) => {
    const encoded = fromAuthorization(headers, 'basic ');
    if (!encoded.ok) return encoded;
    const bytes = decodeStrictly(encoded.text, 'base64');
    return bytes === null ? refused('authorization_mismatch') : presented(bytes.toString());
  });
  return {
    ...scheme,
    prepareKey: (plainSecret) =>
      plainSecret.indexOf(':') < 1
        ? { ok: false, problem: 'user:password is needed' }
        : scheme.prepareKey(plainSecret),
  };
}

function credentialScheme(
  name: string,
  signatureHeaders: readonly string[],
  present: (request: SignedRequest) => Presented,
): Scheme<Credential> {
  return {
    name,
    signatureHeaders,
    signsTimestamp: false,
    defaultToleranceSeconds: null,
    secretUse: 'compare',
    prepareKey: prepareCredential,
    verify: (request, keys) => {
      if (keys.length === 0) return refused('no_secret');
      const found = present(request);
      return found.ok ? firstMatch(found.text, keys, 0) : found;
    },
  };
}

/** Tries the keys in turn and becomes a promise only where a credential does. */
function firstMatch(
  text: string,
  keys: readonly Key<Credential>[],
  from: number,
): Verdict | Promise<Verdict> {
  for (let index = from; index < keys.length; index += 1) {
    const key = keys[index];
    if (key === undefined) break;
    const isMatch = key.material.matches(text);
    if (isMatch === true) return accepted(key.id);
    if (isMatch === false) continue;
    return isMatch.then((matched) => (matched ? accepted(key.id) : firstMatch(text, keys, index + 1)));
  }
  return refused('authorization_mismatch');
}

function accepted(keyId: string): Verdict {
  return { ok: true, keyId, signedAtMs: null };
}

function prepareCredential(plainSecret: string): PreparedKey<Credential> {
  const problem = spellingProblem(plainSecret);
  if (problem !== null) return { ok: false, problem };
  const { length } = Buffer.from(plainSecret);
  if (length < MINIMUM_BYTES)
    return { ok: false, problem: `the secret is shorter than ${MINIMUM_BYTES} bytes` };
  if (length > MAXIMUM_BYTES)
    return { ok: false, problem: `the secret is longer than ${MAXIMUM_BYTES} bytes` };
  // Hashes are compared, so that the time tells nothing of the secret's length either.
  const expected = hash('sha256', plainSecret, 'buffer');
  return {
    ok: true,
    material: { matches: (text) => timingSafeEqual(hash('sha256', text, 'buffer'), expected) },
  };
}

/** Missing is missing authorization here; two of them, or one that is too long, match nothing. */
function onlyHeader(headers: HeaderPairs, lowerCaseName: string): string | Refusal {
  const reading = readHeader(headers, lowerCaseName);
  if (reading.ok) return reading.value;
  const isAbsent = reading.reason === 'signature_missing';
  return refused(isAbsent ? 'authorization_missing' : 'authorization_mismatch');
}

function fromAuthorization(headers: HeaderPairs, lowerCaseScheme: string): Presented {
  const value = onlyHeader(headers, 'authorization');
  if (typeof value !== 'string') return value;
  // The name of an authentication scheme has no case (RFC 9110 11.1).
  const isScheme = value.slice(0, lowerCaseScheme.length).toLowerCase() === lowerCaseScheme;
  return isScheme ? presented(value.slice(lowerCaseScheme.length)) : refused('authorization_mismatch');
}

function fromField(value: string | Refusal): Presented {
  if (typeof value === 'string') return presented(value);
  const isAbsent = value.reason === 'signature_missing';
  return refused(isAbsent ? 'authorization_missing' : 'authorization_mismatch');
}

function presented(text: string): Presented {
  const isPlausible = text !== '' && text.length <= LIMITS.headerBytes;
  return isPlausible ? { ok: true, text } : refused('authorization_mismatch');
}
