import type { CertifiedMessage, CertifiedMessageReader } from './certificate.js';
import { decodeStrictly, type HashAlgorithm } from './encoding.js';
import { readHeader, refused, type Refusal } from './headers.js';
import { parseJson } from './json-pointer.js';
import type { SignedRequest } from './scheme.js';
import { bytesOf, signedContent } from './signed-content.js';
import { parseTime, type TimeUnit } from './signed-time.js';

/** The hash that each spelling of an algorithm stands for; everything else is refused. */
export type HashNames = ReadonlyMap<string, HashAlgorithm>;

/** Where the parts of a message stand that is signed field by field in its JSON body. */
export interface CertifiedJsonOptions {
  readonly signature: string;
  readonly certificateUrl: string;
  /** The field that names the algorithm. */
  readonly algorithm: { readonly field: string; readonly hashes: HashNames };
  readonly timestamp: { readonly field: string; readonly unit: TimeUnit };
  /** The field that names the subscription; it must be among the signed ones. */
  readonly identifier: string;
  /** The signed fields of each kind of message, in their order; those that a message has not are left out. */
  readonly kind: { readonly field: string; readonly signedFields: ReadonlyMap<string, readonly string[]> };
}

/**
 * A message signed field by field: `name\nvalue\n` for each, in the provider's order.
 *
 * @param options the names of the fields, all at the top of the JSON body
 * @example certifiedJson({ signature: 'Signature', certificateUrl: 'SigningCertURL', identifier: 'TopicArn', … })
 */
export function certifiedJson(options: CertifiedJsonOptions): CertifiedMessageReader {
  return ({ body }) => {
    const document = parseJson(body);
    if (typeof document !== 'object' || document === null) return refused('signature_missing');
    const field = (name: string): string | null => {
      const value: unknown = Object.hasOwn(document, name)
        ? (document as Record<string, unknown>)[name]
        : null;
      return typeof value === 'string' ? value : null;
    };
    const signatureText = field(options.signature);
    if (signatureText === null) return refused('signature_missing');
    const hash = options.algorithm.hashes.get(field(options.algorithm.field) ?? '');
    const names = options.kind.signedFields.get(field(options.kind.field) ?? '');
    const signature = decodeStrictly(signatureText, 'base64');
    const certificateUrl = field(options.certificateUrl);
    const signedAtMs = parseTime(field(options.timestamp.field) ?? '', options.timestamp.unit);
    if (
      hash === undefined ||
      names === undefined ||
      signature === null ||
      signature.length === 0 ||
      certificateUrl === null ||
      signedAtMs === null
    ) {
      return refused('signature_malformed');
    }
    const lines = names.map((name) => [name, field(name)] as const).filter(([, value]) => value !== null);
    const content = Buffer.from(lines.map(([name, value]) => `${name}\n${value}\n`).join(''));
    const contentFor = (identifier: string) => (field(options.identifier) === identifier ? content : null);
    return { signature, hash, certificateUrl, signedAtMs, contentFor };
  };
}

/** Where the parts of a message stand that is signed in its headers. */
export interface CertifiedHeadersOptions {
  readonly signature: string;
  readonly certificateUrl: string;
  readonly algorithm: { readonly header: string; readonly hashes: HashNames };
  readonly timestamp: { readonly header: string; readonly unit: TimeUnit };
  /** A template with `${identifier}`; see {@link signedContent}. */
  readonly content: string;
}

/**
 * A message whose signature and certificate are named in headers.
 *
 * @param options the names of the headers and the template of what is signed
 * @throws RangeError when the template is not one
 * @example certifiedHeaders({ signature: 'paypal-transmission-sig', content: '${header:paypal-transmission-id}|…|${identifier}|${bodyCrc32}', … })
 */
export function certifiedHeaders(options: CertifiedHeadersOptions): CertifiedMessageReader {
  const content = signedContent(options.content);
  const names = [
    options.signature,
    options.certificateUrl,
    options.algorithm.header,
    options.timestamp.header,
  ];
  return (request) => {
    const values = valuesOf(request, names);
    if (!Array.isArray(values)) return values;
    const [signatureText = '', certificateUrl = '', algorithm = '', timestamp = ''] = values;
    const signature = decodeStrictly(signatureText, 'base64');
    const hash = options.algorithm.hashes.get(algorithm);
    const signedAtMs = parseTime(timestamp, options.timestamp.unit);
    const probe = bytesOf(content, request, { timestamp, identifier: '' });
    if (!Buffer.isBuffer(probe)) return probe;
    if (signature === null || signature.length === 0 || hash === undefined || signedAtMs === null)
      return refused('signature_malformed');
    const contentFor: CertifiedMessage['contentFor'] = (identifier) => {
      const bytes = bytesOf(content, request, { timestamp, identifier });
      return Buffer.isBuffer(bytes) ? bytes : null;
    };
    return { signature, hash, certificateUrl, signedAtMs, contentFor };
  };
}

function valuesOf(request: SignedRequest, names: readonly string[]): string[] | Refusal {
  const values: string[] = [];
  for (const name of names) {
    const reading = readHeader(request.headers, name.toLowerCase());
    if (!reading.ok) return reading;
    values.push(reading.value);
  }
  return values;
}
