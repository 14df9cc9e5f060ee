import type { HeaderPairs, HmacOptions, Key, Scheme, SignedRequest } from './index.js';

/** A prepared key; a secret that the scheme refuses is an error of the test. */
export function keyOf<Material>(scheme: Scheme<Material>, plainSecret: string, id = 'key-1'): Key<Material> {
  const prepared = scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw new Error(prepared.problem);
  return { id, material: prepared.material };
}

/** A POST to the inbox. */
export function post(
  body: string | Buffer,
  headers: HeaderPairs = [],
  url = 'https://inbox.example/in/acme/source',
): SignedRequest {
  return { method: 'POST', url, headers, body: Buffer.from(body) };
}

/** The same request with more headers after its own. */
export function withHeaders(request: SignedRequest, headers: HeaderPairs): SignedRequest {
  return { ...request, headers: [...request.headers, ...headers] };
}

/** Time and signatures in one header, as Stripe and those who followed it have them. */
export const TIMED_IN_ONE_HEADER: HmacOptions = {
  header: 'Stripe-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
  content: '${timestamp}.${body}',
  timestamp: { unit: 'seconds', toleranceSeconds: 300 },
};
