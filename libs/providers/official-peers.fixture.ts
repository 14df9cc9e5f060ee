import type { HeaderPairs, SignedRequest } from '#signatures';

/** The library that a provider publishes, as the other side of our preset: it signs what we verify and the reverse. */
export interface Peer {
  /** The package, and what of it is meant where there is more than one. */
  readonly library: string;
  readonly id: string;
  readonly secret: string;
  readonly otherSecret: string;
  /** The source's settings of the provider's own. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What the provider publishes, by URL. */
  readonly published?: Readonly<Record<string, string>>;
  /** Bodies as this provider sends them, with `paid` in what is signed; default {@link BODIES}. `{now}` becomes the time. */
  readonly bodies?: readonly string[];
  readonly url?: string;
  /** What the provider sends besides the signature. */
  readonly headers?: HeaderPairs;
  /** What the provider writes into a request before it signs it. */
  prepare?(request: SignedRequest): SignedRequest;
  /** Whether the library refuses what is too old. */
  readonly judgesAge?: boolean;
  /** The request as the provider would send it, signed by the library; by `node:crypto` where only the provider can sign. */
  sign?(request: SignedRequest, secret: string, nowMs: number): SignedRequest | Promise<SignedRequest>;
  /** Whether the library accepts the request; throwing is refusing. */
  accepts(request: SignedRequest, secret: string): unknown;
  /** Changes what is signed, where that is not the body. */
  alter?(request: SignedRequest): SignedRequest;
}

/** Valid JSON each, because some libraries parse what they have verified. */
export const BODIES: readonly string[] = [
  '{"id":"evt_1","type":"invoice.paid","note":"José 😀","weight":614.0}',
  '{}',
  '{ "spaced" : [ 1,\t2 ] ,\r\n"escaped":"\\u00e9\\/" }\n',
  JSON.stringify({ padding: 'x'.repeat(100_000) }),
];

/** For libraries that do not verify the bytes but the JSON they make of them again. */
export const COMPACT_BODIES: readonly string[] = [
  '{"id":"evt_1","type":"invoice.paid","note":"José 😀"}',
  JSON.stringify({ padding: 'x'.repeat(100_000) }),
];

/** The value of a header, or an empty text. */
export function valueOf({ headers }: Pick<SignedRequest, 'headers'>, wanted: string): string {
  return headers.find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1] ?? '';
}

/** The headers as an app gets them from Node. */
export function headersOf({ headers }: SignedRequest): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
}

/** The body as text. */
export function textOf({ body }: SignedRequest): string {
  return body.toString();
}

/** The request with further headers. */
export function withHeaders(request: SignedRequest, ...headers: HeaderPairs): SignedRequest {
  return { ...request, headers: [...request.headers, ...headers] };
}

/** Two secrets of one kind, as text. */
export const TEXTS = {
  secret: 'an example of a shared secret, long enough',
  otherSecret: 'another example of a shared secret, unused',
} as const;

/** Two secrets as Standard Webhooks has them. */
export const WHSECS = {
  secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  otherSecret: `whsec_${Buffer.alloc(32, 2).toString('base64')}`,
} as const;

/** Two keys of 32 bytes, in hex. */
export const HEX_KEYS = { secret: 'a1'.repeat(32), otherSecret: 'b2'.repeat(32) } as const;

/** A time as it stands in most headers. */
export function secondsOf(timeMs: number): string {
  return String(Math.floor(timeMs / 1000));
}
