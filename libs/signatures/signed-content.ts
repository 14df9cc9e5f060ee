import { hash } from 'node:crypto';
import { readHeader, refused, type Refusal } from './headers.js';
import { type FieldPlace, fieldReader, type RequestFields } from './request-fields.js';
import type { SignedRequest } from './scheme.js';

/** What a template's variables stand for in one request. */
export interface SignedValues {
  /** Exactly as received: never reformatted before it is hashed. */
  readonly timestamp?: string | undefined;
  readonly id?: string | undefined;
  /** A public name that is signed along with the message, such as the one of the subscription. */
  readonly identifier?: string | undefined;
  /** Body and query taken apart; there when {@link SignedContent.needsFields}. */
  readonly fields?: RequestFields | undefined;
  /** Where the secret itself is hashed with the message. */
  readonly secret?: Buffer | undefined;
}

/** Takes the signed bytes piece by piece, as the Hmac of node:crypto does. */
export interface ByteSink {
  update(data: string | Buffer): unknown;
}

/**
 * What a provider signs when no template can say it, e.g. headers that another header lists: all pieces in their order, or
 * why they cannot be had. Reads the request, changes nothing, and never throws.
 */
export type SignedPieces = (
  request: SignedRequest,
  values: SignedValues,
) => readonly (string | Buffer)[] | Refusal;

/** A template made ready: it writes what is signed into a hash without joining it first. */
export interface SignedContent {
  /** Whether {@link SignedValues.fields} must be there. */
  readonly needsFields: boolean;
  /** The names of its variables, as they stand in the template. */
  readonly variables: readonly string[];
  /**
   * Writes the signed bytes.
   *
   * @returns a refusal when something that the template names is missing or repeated
   */
  write(sink: ByteSink, request: SignedRequest, values: SignedValues): Refusal | null;
}

type TextReader = (request: SignedRequest, values: SignedValues) => string | Refusal;

/** One piece of what is signed: fixed text, the body, the secret, or a text that differs from request to request. */
type Part = string | { readonly read: TextReader } | { readonly bytes: 'body' | 'secret' };

const timestamp: TextReader = (_request, values) => values.timestamp ?? refused('signature_missing');

const VARIABLES = new Map<string, Part>([
  ['body', { bytes: 'body' }],
  ['secret', { bytes: 'secret' }],
  ['timestamp', { read: timestamp }],
  ['ts', { read: timestamp }],
  ['id', { read: (_request, values) => values.id ?? refused('signature_missing') }],
  ['identifier', { read: (_request, values) => values.identifier ?? refused('signature_missing') }],
  ['url', { read: (request) => request.url }],
  ['path', { read: (request) => pathOf(request.url) }],
  ['method', { read: (request) => request.method }],
  ['bodyBase64url', { read: (request) => request.body.toString('base64url') }],
  ['bodySha256', { read: (request) => hash('sha256', request.body, 'hex') }],
  ['bodyMd5Base64', { read: (request) => hash('md5', request.body, 'base64') }],
  ['bodyCrc32', { read: (request) => String(crc32(request.body)) }],
]);

/**
 * Compiles a template of signed content.
 *
 * Variables: `${body}` the raw bytes, `${timestamp}` (or `${ts}`), `${id}`, `${identifier}`, `${url}`, `${path}` with the
 * query, `${method}`, `${bodyBase64url}`, `${bodySha256}` in hex, `${bodyMd5Base64}`, `${bodyCrc32}` in decimal, `${secret}`
 * where a scheme hashes it along, `${header:<name>}`, and the values of {@link FieldPlace}: `${json:<pointer>}`,
 * `${form:<name>}`, `${form:<name>#<pointer>}`, `${query:<name>}`. With a question mark, as in `${json?:/a}`, a value that is
 * not there is an empty one. Everything else stands for itself, as UTF-8.
 *
 * @param template e.g. `v0:${timestamp}:${body}`, or a function where no template will do
 * @param signedUrl what a provider makes of the URL before it signs it
 * @throws RangeError when a variable is unknown or not closed, or a pointer is none
 * @example signedContent('${timestamp}.${body}').write(mac, request, { timestamp: '1700000000' })
 */
export function signedContent(
  template: string | SignedPieces,
  signedUrl?: (told: string) => string,
): SignedContent {
  if (typeof template === 'function') {
    const write: SignedContent['write'] = (sink, request, values) => {
      const pieces = template(request, values);
      if ('ok' in pieces) return pieces;
      for (const piece of pieces) sink.update(piece);
      return null;
    };
    return { needsFields: true, variables: [], write };
  }
  const { parts, variables } = parse(template, signedUrl);
  return {
    needsFields: variables.some((name) => FIELD.test(name)),
    variables,
    write: (sink, request, values) => writeParts(parts, sink, request, values),
  };
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

function parse(
  template: string,
  signedUrl: ((told: string) => string) | undefined,
): { parts: Part[]; variables: string[] } {
  const parts: Part[] = [];
  const variables: string[] = [];
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
    variables.push(name);
    position = end + 1;
  }
  return { parts, variables };
}

const FIELD = /^(?:json|form|query)\??:/;

function variable(name: string): Part {
  const known = VARIABLES.get(name);
  if (known !== undefined) return known;
  const match = /^(header|json|form|query)(\?)?:(.*)$/s.exec(name);
  if (match === null) throw new RangeError(`the template knows no variable "${name}"`);
  const [, kind = '', optional, what = ''] = match;
  if (what === '' && kind !== 'json') throw new RangeError(`the variable "${name}" names nothing`);
  const read = kind === 'header' ? headerText(what) : fieldText(placeOf(kind, what));
  return { read: optional === undefined ? read : optionalText(read) };
}

function headerText(name: string): TextReader {
  const lowerCaseName = name.toLowerCase();
  return (request) => {
    const reading = readHeader(request.headers, lowerCaseName);
    return reading.ok ? reading.value : reading;
  };
}

function placeOf(kind: string, what: string): FieldPlace {
  if (kind === 'json') return { json: what };
  return kind === 'form' ? { form: what } : { query: what };
}

function fieldText(place: FieldPlace): TextReader {
  const read = fieldReader(place);
  return (_request, { fields }) => (fields === undefined ? refused('signature_missing') : read(fields));
}

function optionalText(read: TextReader): TextReader {
  return (request, values) => {
    const text = read(request, values);
    return typeof text !== 'string' && text.reason === 'signature_missing' ? '' : text;
  };
}

/** Path and query exactly as they stand in the URL. */
function pathOf(url: string): string {
  const authority = url.indexOf('://');
  const path = authority === -1 ? -1 : url.indexOf('/', authority + 3);
  return path === -1 ? '/' : url.slice(path);
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
      const bytes = part.bytes === 'body' ? request.body : values.secret;
      if (bytes === undefined) return refused('no_secret');
      if (text !== '') sink.update(text);
      text = '';
      sink.update(bytes);
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
