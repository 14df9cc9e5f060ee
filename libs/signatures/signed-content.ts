import { hash } from 'node:crypto';
import { readHeader, refused, type Refusal } from './headers.js';
import type { SignedRequest } from './scheme.js';

/** What a template's variables stand for in one request. */
export interface SignedValues {
  /** Exactly as received: never reformatted before it is hashed. */
  readonly timestamp?: string | undefined;
  readonly id?: string | undefined;
  /** A public name that is signed along with the message, such as the one of the subscription. */
  readonly identifier?: string | undefined;
}

/** Takes the signed bytes piece by piece, as the Hmac of node:crypto does. */
export interface ByteSink {
  update(data: string | Buffer): unknown;
}

/** A template made ready: it writes what is signed into a hash without joining it first. */
export interface SignedContent {
  /**
   * Writes the signed bytes.
   *
   * @returns a refusal when something that the template names is missing or repeated
   */
  write(sink: ByteSink, request: SignedRequest, values: SignedValues): Refusal | null;
}

type TextReader = (request: SignedRequest, values: SignedValues) => string | Refusal;

/** One piece of what is signed: fixed text, the body, or a text that differs from request to request. */
type Part = string | { readonly read: TextReader } | { readonly body: true };

const timestamp: TextReader = (_request, values) => values.timestamp ?? refused('signature_missing');

const VARIABLES = new Map<string, TextReader>([
  ['timestamp', timestamp],
  ['ts', timestamp],
  ['id', (_request, values) => values.id ?? refused('signature_missing')],
  ['identifier', (_request, values) => values.identifier ?? refused('signature_missing')],
  ['url', (request) => request.url],
  ['method', (request) => request.method],
  ['bodySha256', (request) => hash('sha256', request.body, 'hex')],
  ['bodyCrc32', (request) => String(crc32(request.body))],
]);

/**
 * Compiles a template of signed content.
 *
 * Variables: `${body}` the raw bytes, `${timestamp}` (or `${ts}`), `${id}`, `${identifier}`, `${url}`, `${method}`,
 * `${bodySha256}` in hex, `${bodyCrc32}` in decimal, `${header:<name>}`; everything else stands for itself, as UTF-8.
 *
 * @param template e.g. `v0:${timestamp}:${body}`
 * @param signedUrl what a provider makes of the URL before it signs it
 * @throws RangeError when a variable is unknown or not closed
 * @example signedContent('${timestamp}.${body}').write(mac, request, { timestamp: '1700000000' })
 */
export function signedContent(template: string, signedUrl?: (told: string) => string): SignedContent {
  const parts = parse(template, signedUrl);
  return { write: (sink, request, values) => writeParts(parts, sink, request, values) };
}

/**
 * The signed bytes in one piece, for algorithms that cannot take them bit by bit.
 *
 * @returns a refusal when something that the template names is missing or repeated
 */
export function bytesOf(
  content: SignedContent,
  request: SignedRequest,
  values: SignedValues,
): Buffer | Refusal {
  const pieces: Buffer[] = [];
  const sink: ByteSink = {
    update: (data) => pieces.push(typeof data === 'string' ? Buffer.from(data) : data),
  };
  const refusal = content.write(sink, request, values);
  if (refusal !== null) return refusal;
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
}

function parse(template: string, signedUrl: ((told: string) => string) | undefined): Part[] {
  const parts: Part[] = [];
  let position = 0;
  while (position < template.length) {
    const start = template.indexOf('${', position);
    const textEnd = start === -1 ? template.length : start;
    if (textEnd > position) parts.push(template.slice(position, textEnd));
    if (start === -1) break;
    const end = template.indexOf('}', start);
    if (end === -1) throw new RangeError('a variable of the template is not closed');
    const name = template.slice(start + 2, end);
    const isUrl = name === 'url' && signedUrl !== undefined;
    parts.push(isUrl ? { read: (request) => signedUrl(request.url) } : variable(name));
    position = end + 1;
  }
  return parts;
}

function variable(name: string): Part {
  if (name === 'body') return { body: true };
  const read = VARIABLES.get(name);
  if (read !== undefined) return { read };
  if (!name.startsWith('header:') || name === 'header:')
    throw new RangeError(`the template knows no variable "${name}"`);
  const lowerCaseName = name.slice('header:'.length).toLowerCase();
  return {
    read: (request) => {
      const reading = readHeader(request.headers, lowerCaseName);
      return reading.ok ? reading.value : reading;
    },
  };
}

function writeParts(
  parts: readonly Part[],
  sink: ByteSink,
  request: SignedRequest,
  values: SignedValues,
): Refusal | null {
  // Short texts are joined before they are hashed: a call into the hash costs more than a concatenation.
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
    } else if ('read' in part) {
      const value = part.read(request, values);
      if (typeof value !== 'string') return value;
      text += value;
    } else {
      if (text !== '') sink.update(text);
      text = '';
      sink.update(request.body);
    }
  }
  if (text !== '') sink.update(text);
  return null;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as zip and PNG have it; zlib itself is out of a pure library's reach. */
function crc32(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (CRC_TABLE[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}
