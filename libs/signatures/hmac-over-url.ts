import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { sameText } from './encoding.js';
import { hmac, type HmacOptions, type HmacScheme } from './hmac.js';
import { refused } from './headers.js';
import type { SignedRequest, Verdict } from './scheme.js';

/** What a provider decides about its HMAC over URL and form. */
export interface HmacOverUrlOptions extends Omit<HmacOptions, 'content' | 'signedUrl'> {
  /** A query parameter that holds the hex SHA-256 of a body that is no form; the URL alone is signed then. */
  readonly bodyHashParameter?: string;
  /** Some senders write the default port into the URL they sign and some do not: take either. */
  readonly isDefaultPortOptional?: boolean;
  /** Sent twice, a parameter counts once for each of its different values, sorted; default: each time, as sent. */
  readonly areValuesDistinct?: boolean;
}

// A form of a provider has some thirty parameters; sorting half a million would cost more than any hash.
const MAXIMUM_PARAMETERS = 1000;

/**
 * HMAC over the URL followed by the form parameters of the body, sorted by name, name and value joined without separators.
 *
 * The URL is the one the sender was told. What is signed is the meaning of the form, so its order and escapes may differ.
 *
 * @param options what differs between providers
 * @example hmacOverUrl({ header: 'X-Twilio-Signature', algorithm: 'sha1', encoding: 'base64', bodyHashParameter: 'bodySHA256' })
 */
export function hmacOverUrl(options: HmacOverUrlOptions): HmacScheme {
  const inner = hmac({ ...options, content: '${url}' });
  const { bodyHashParameter, isDefaultPortOptional = false, areValuesDistinct = false } = options;

  const verify: HmacScheme['verify'] = (request, keys, clock) => {
    const form = formOf(request, bodyHashParameter, areValuesDistinct);
    const urls = isDefaultPortOptional ? withAndWithoutPort(request.url) : [request.url];
    let verdict: Verdict = refused('signature_mismatch');
    for (const url of urls) {
      // Without a form there is nothing to hash; the look-up still tells a missing signature from a wrong one.
      verdict = inner.verify({ ...request, url: url + (form ?? '') }, keys, clock);
      if (verdict.ok || verdict.reason !== 'signature_mismatch') break;
    }
    return verdict.ok && form === null ? refused('signature_mismatch') : verdict;
  };

  const sign: HmacScheme['sign'] = (request, keys, clock) => {
    const form = isForm(request) ? sortedForm(request.body, areValuesDistinct) : null;
    return inner.sign({ ...request, url: request.url + (form ?? '') }, keys, clock);
  };

  return { ...inner, name: options.name ?? 'hmac-over-url', verify, sign };
}

/** What follows the URL in the signed text; `null` when the body is not what the signature could vouch for. */
function formOf(
  request: SignedRequest,
  bodyHashParameter: string | undefined,
  areValuesDistinct: boolean,
): string | null {
  const hashes = bodyHashParameter === undefined ? [] : queryValues(request.url, bodyHashParameter);
  if (hashes.length === 0) return sortedForm(request.body, areValuesDistinct);
  const [claimed] = hashes;
  const isSame =
    hashes.length === 1 && claimed !== undefined && sameText(claimed, hash('sha256', request.body, 'hex'));
  return isSame ? '' : null;
}

function queryValues(url: string, name: string): string[] {
  return URL.canParse(url) ? new URL(url).searchParams.getAll(name) : [];
}

function isForm({ headers }: SignedRequest): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return type.toLowerCase().startsWith('application/x-www-form-urlencoded');
}

type Parameter = { readonly name: string; readonly value: string };

function sortedForm(body: Buffer, areValuesDistinct: boolean): string | null {
  if (body.length === 0) return '';
  const parameters = formParameters(body);
  if (parameters === null) return null;
  parameters.sort(areValuesDistinct ? byNameAndValue : byName);
  let text = '';
  let previous: Parameter | undefined;
  for (const parameter of parameters) {
    const isRepeated =
      areValuesDistinct && previous !== undefined && byNameAndValue(previous, parameter) === 0;
    if (!isRepeated) text += parameter.name + parameter.value;
    previous = parameter;
  }
  return text;
}

function byName(left: Parameter, right: Parameter): number {
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
}

function byNameAndValue(left: Parameter, right: Parameter): number {
  const order = byName(left, right);
  if (order !== 0 || left.value === right.value) return order;
  return left.value < right.value ? -1 : 1;
}

/** `null` when the body holds anything that has no one reading, or too much of it. */
function formParameters(body: Buffer): Parameter[] | null {
  // Bytes that are no UTF-8 would all become U+FFFD, and the signature of one would fit the others.
  if (!isUtf8(body)) return null;
  const pairs = body.toString().split('&', MAXIMUM_PARAMETERS + 1);
  if (pairs.length > MAXIMUM_PARAMETERS) return null;
  const parameters: Parameter[] = [];
  try {
    for (const pair of pairs) {
      const equals = pair.indexOf('=');
      const name = equals === -1 ? pair : pair.slice(0, equals);
      const value = equals === -1 ? '' : pair.slice(equals + 1);
      parameters.push({ name: unescapeForm(name), value: unescapeForm(value) });
    }
    return parameters;
  } catch {
    return null;
  }
}

/** @throws URIError for escapes that are none or that are no UTF-8 */
function unescapeForm(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  return spaced.includes('%') ? decodeURIComponent(spaced) : spaced;
}

function withAndWithoutPort(url: string): readonly string[] {
  const match = /^(https?):\/\/([^/?#]+)/.exec(url);
  const [origin = '', scheme = '', authority = ''] = match ?? [];
  if (match === null) return [url];
  const port = scheme === 'https' ? ':443' : ':80';
  const rest = url.slice(origin.length);
  if (authority.endsWith(port)) return [url, `${scheme}://${authority.slice(0, -port.length)}${rest}`];
  return /:\d+$/.test(authority) ? [url] : [url, `${scheme}://${authority}${port}${rest}`];
}
