import { OutboundFailure } from './outbound-failure.js';

/** Header names and values in the order they are sent; values hold one byte per character (latin1). */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/**
 * Headers that speak of one connection (RFC 9110 section 7.6.1) or that are made from the URL and the body. They are
 * left out of every request: a second `content-length` or a foreign `transfer-encoding` would let the receiver see
 * another request than the one sent. `proxy-authorization` is not among them, for no proxy stands in between.
 */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// RFC 9110 section 5.6.2 and 5.5; what is outside would end the header or be cut to another byte.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Does this header belong to one connection only, so that it is never passed on? */
export function isConnectionHeader(name: string): boolean {
  return CONNECTION_HEADERS.has(name.toLowerCase());
}

/** Checks a method: any token but CONNECT, which would ask for a tunnel. */
export function assertSendableMethod(method: string): void {
  if (!TOKEN.test(method) || method.toUpperCase() === 'CONNECT') throw new OutboundFailure('request_invalid');
}

/**
 * The headers as undici takes them, name after value, spelled and ordered as given, without those of the connection.
 * Throws `request_invalid` for what HTTP/1.1 cannot carry. What a `connection` header names is kept: here nobody
 * can tell a header passed on from one of our own, which a sender could make vanish by naming it.
 */
export function sendableHeaders(headers: HeaderList): string[] {
  const flat: string[] = [];
  for (const [name, value] of headers) {
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value)) throw new OutboundFailure('request_invalid');
    if (!isConnectionHeader(name)) flat.push(name, value);
  }
  return flat;
}
