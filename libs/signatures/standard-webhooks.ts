import type { KeyObject } from 'node:crypto';
import { hmac, type HmacScheme } from './hmac.js';
import { publicKey } from './public-key.js';
import { readHeader } from './headers.js';
import type { HeaderPairs, Scheme, SignedRequest } from './scheme.js';
import type { SecretFormat } from './encoding.js';
import type { SignedRequestOptions } from './signed-request.js';

/** The names of the three headers. */
export interface StandardHeaders {
  readonly signature: string;
  readonly id: string;
  readonly timestamp: string;
}

/** The names of the specification. */
export const WEBHOOK_HEADERS: StandardHeaders = {
  signature: 'webhook-signature',
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
};

/** The names Svix used before there was a specification, and still does. */
export const SVIX_HEADERS: StandardHeaders = {
  signature: 'svix-signature',
  id: 'svix-id',
  timestamp: 'svix-timestamp',
};

/** What a sender of Standard Webhooks may decide differently. */
export interface StandardWebhooksOptions {
  /** The names of its headers; several spellings in the order they are looked for. Default {@link WEBHOOK_HEADERS}. */
  readonly headers?: readonly [StandardHeaders, ...StandardHeaders[]];
  /** What differs from base64 of 24 to 64 bytes after `whsec_`. */
  readonly secret?: SecretFormat;
}

const TOLERANCE_SECONDS = 300;

// No full stop in an id: `a.1` at time 2 and `a` at time 1.2 would be the same signed text.
const ID_PATTERN = /^[\x21-\x2d\x2f-\x7e]+$/;

const SECRET: SecretFormat = {
  decode: 'base64',
  stripPrefixes: ['v1,whsec_', 'whsec_'],
  minimumBytes: 24,
  maximumBytes: 64,
};

/**
 * Standard Webhooks with a shared secret (`v1`, HMAC-SHA256), Svix included.
 *
 * @param options what differs between senders
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @example standardWebhooks({ headers: [SVIX_HEADERS, WEBHOOK_HEADERS] })
 */
export function standardWebhooks(options: StandardWebhooksOptions = {}): HmacScheme {
  const { headers = [WEBHOOK_HEADERS] } = options;
  const secret = { ...SECRET, ...options.secret };
  const spellings = headers.map((names) => ({
    names,
    scheme: hmac({
      ...requestOptions(names, 'v1,'),
      name: 'standard-webhooks',
      algorithm: 'sha256',
      encoding: 'base64',
      secret,
    }),
  }));
  return inSpellings(spellings);
}

interface Spelling {
  readonly names: StandardHeaders;
  readonly scheme: HmacScheme;
}

function inSpellings(spellings: readonly Spelling[]): HmacScheme {
  const [first] = spellings;
  if (first === undefined) throw new RangeError('the headers need names');
  if (spellings.length === 1) return first.scheme;
  /** Which spelling a request uses changes the names of its headers only, never how they are verified. */
  const chosen = (request: SignedRequest, role: 'signature' | 'id') =>
    (spellings.find(({ names }) => isThere(request.headers, names[role].toLowerCase())) ?? first).scheme;
  return {
    ...first.scheme,
    signatureHeaders: spellings.flatMap(({ scheme }) => scheme.signatureHeaders),
    verify: (request, keys, clock) => chosen(request, 'signature').verify(request, keys, clock),
    // A redelivery keeps the names that came, because the receiver's library may know only those.
    sign: (request, keys, clock) => chosen(request, 'id').sign(request, keys, clock),
    otherwise: (deviation) =>
      inSpellings(spellings.map(({ names, scheme }) => ({ names, scheme: scheme.otherwise(deviation) }))),
  };
}

/**
 * Standard Webhooks with a key pair (`v1a`, Ed25519); the key is the sender's public one, `whpk_` + base64.
 *
 * @example standardWebhooksAsymmetric().prepareKey('whpk_…')
 */
export function standardWebhooksAsymmetric(): Scheme<KeyObject> {
  return publicKey({
    ...requestOptions(WEBHOOK_HEADERS, 'v1a,'),
    name: 'standard-webhooks-asymmetric',
    algorithm: { kind: 'ed25519' },
    encoding: 'base64',
    key: { format: 'raw-base64', stripPrefix: 'whpk_' },
  });
}

function requestOptions(names: StandardHeaders, version: string): SignedRequestOptions {
  return {
    header: names.signature,
    grammar: { kind: 'list', separator: ' ', prefix: version },
    content: '${id}.${timestamp}.${body}',
    timestamp: { header: names.timestamp, unit: 'seconds', toleranceSeconds: TOLERANCE_SECONDS },
    id: { header: names.id, pattern: ID_PATTERN },
  };
}

function isThere(headers: HeaderPairs, lowerCaseName: string): boolean {
  const reading = readHeader(headers, lowerCaseName);
  return reading.ok || reading.reason !== 'signature_missing';
}
