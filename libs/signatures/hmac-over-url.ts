import { hash } from 'node:crypto';
import { sameText } from './encoding.js';
import { type FormField, urlEncodedFields } from './form.js';
import { hmac, type HmacOptions, type HmacScheme } from './hmac.js';
import { refused } from './headers.js';
import type { SignedRequest } from './scheme.js';

/** What a provider decides about its HMAC over URL and form. */
export interface HmacOverUrlOptions extends Omit<HmacOptions, 'content' | 'signedUrl'> {
  /** A query parameter that holds the hex SHA-256 of a body that is no form; the URL alone is signed then. */
  readonly bodyHashParameter?: string;
  /** Some senders write the default port into the URL they sign and some do not: take either. */
  readonly isDefaultPortOptional?: boolean;
  /** Sent twice, a parameter counts once for each of its different values, sorted; default: each time, as sent. */
  readonly areValuesDistinct?: boolean;
}

/**
 * HMAC over the URL followed by the form parameters of the body, sorted by name, name and value joined without separators.
 *
 * The URL is the one the sender was told. What is signed is the meaning of the form, so its order and escapes may differ.
 *
 * @param options what differs between providers
 * @example hmacOverUrl({ header: 'X-Twilio-Signature', algorithm: 'sha1', encoding: 'base64', bodyHashParameter: 'bodySHA256' })
 */
export function hmacOverUrl(options: HmacOverUrlOptions): HmacScheme {
  return around(hmac({ ...options, content: '${url}' }), options);
}

function around(inner: HmacScheme, options: HmacOverUrlOptions): HmacScheme {
  const { bodyHashParameter, isDefaultPortOptional = false, areValuesDistinct = false } = options;

  const verify: HmacScheme['verify'] = (request, keys, clock) => {
    const form = formOf(request, bodyHashParameter, areValuesDistinct);
    // Without a form there is nothing to hash; the look-up still tells a missing signature from a wrong one.
    const verifyUrl = (url: string) => inner.verify(withUrl(request, url + (form ?? '')), keys, clock);
    let verdict = verifyUrl(request.url);
    if (isDefaultPortOptional && !verdict.ok && verdict.reason === 'signature_mismatch') {
      const other = otherSpelling(request.url);
      if (other !== null) verdict = verifyUrl(other);
    }
    return verdict.ok && form === null ? refused('signature_mismatch') : verdict;
  };

  const sign: HmacScheme['sign'] = (request, keys, clock) => {
    const form = isForm(request) ? sortedForm(request.body, areValuesDistinct) : null;
    return inner.sign(withUrl(request, request.url + (form ?? '')), keys, clock);
  };

  const otherwise: HmacScheme['otherwise'] = (deviation) => around(inner.otherwise(deviation), options);
  const name = options.name ?? 'hmac-over-url';
  const scheme = { ...inner, name, parsesBody: true, verify, sign, otherwise };
  if (bodyHashParameter === undefined) return scheme;
  return { ...scheme, address: (request) => withBodyHash(request, bodyHashParameter) };
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
  return url.includes('?') && URL.canParse(url) ? new URL(url).searchParams.getAll(name) : [];
}

/** A body that is no form is only covered by its hash. */
function withBodyHash(request: SignedRequest, parameter: string): string {
  const { url, body } = request;
  if (body.length === 0 || isForm(request) || queryValues(url, parameter).length > 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${parameter}=${hash('sha256', body, 'hex')}`;
}

function withUrl({ method, headers, body }: SignedRequest, url: string): SignedRequest {
  return { method, url, headers, body };
}

function isForm({ headers }: SignedRequest): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return type.toLowerCase().startsWith('application/x-www-form-urlencoded');
}

function sortedForm(body: Buffer, areValuesDistinct: boolean): string | null {
  if (body.length === 0) return '';
  const parameters = urlEncodedFields(body);
  if (parameters === null) return null;
  parameters.sort(areValuesDistinct ? byNameAndValue : byName);
  let text = '';
  let previous: FormField | undefined;
  for (const parameter of parameters) {
    const isRepeated =
      areValuesDistinct && previous !== undefined && byNameAndValue(previous, parameter) === 0;
    if (!isRepeated) text += parameter.name + parameter.value;
    previous = parameter;
  }
  return text;
}

function byName(left: FormField, right: FormField): number {
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
}

function byNameAndValue(left: FormField, right: FormField): number {
  const order = byName(left, right);
  if (order !== 0 || left.value === right.value) return order;
  return left.value < right.value ? -1 : 1;
}

/** The URL with its default port if it has none, or without; `null` when it has another one. */
function otherSpelling(url: string): string | null {
  const match = /^(https?):\/\/([^/?#]+)/.exec(url);
  const [origin = '', scheme = '', authority = ''] = match ?? [];
  if (match === null) return null;
  const port = scheme === 'https' ? ':443' : ':80';
  const rest = url.slice(origin.length);
  if (authority.endsWith(port)) return `${scheme}://${authority.slice(0, -port.length)}${rest}`;
  return /:\d+$/.test(authority) ? null : `${scheme}://${authority}${port}${rest}`;
}
