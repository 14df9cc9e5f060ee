import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { HeaderPairs, Scheme, SignedRequest, Verdict } from '#signatures';

/** One family: a verification as the inbox does it, and the bare calls of node:crypto that it needs. */
export interface Lane {
  readonly name: string;
  readonly isAsync?: boolean;
  ours(): Verdict | Promise<Verdict>;
  bare(): unknown;
  /** The computation alone, without the comparison in constant time. */
  call?(): unknown;
}

/** The calls of node:crypto that a verification needs. */
export type Needed = Required<Pick<Lane, 'bare' | 'call'>>;

/** When every request is signed and received. */
export const NOW_MS = 1_790_000_000_000;
/** The same in seconds, as headers spell it. */
export const SECONDS = String(NOW_MS / 1000);
/** The clock of every verification. */
export const CLOCK = { nowMs: NOW_MS };
/** Where every request goes. */
export const URL_TOLD = 'https://inbox.example.com/in/acme/source';
/** What both sides share. */
export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** 1 KB of JSON. */
export const JSON_BODY = Buffer.from(
  JSON.stringify({ id: 'evt_1', type: 'order.paid', text: 'x'.repeat(980) }),
);

// What a proxy in front of an inbox passes on; the signature headers come last.
const USUAL_HEADERS: HeaderPairs = [
  ['host', 'inbox.example.com'],
  ['user-agent', 'Sender/1.0 (+https://sender.example)'],
  ['content-length', '1024'],
  ['accept', '*/*'],
  ['accept-encoding', 'gzip'],
  ['content-type', 'application/json'],
  ['x-forwarded-for', '203.0.113.7'],
  ['x-forwarded-proto', 'https'],
];

/** A request with the headers that most have, and further ones behind them. */
export function request(headers: HeaderPairs = [], body: Buffer = JSON_BODY, url = URL_TOLD): SignedRequest {
  return { method: 'POST', url, headers: [...USUAL_HEADERS, ...headers], body };
}

/** A lane whose request is signed by the scheme itself. */
export async function signed(
  name: string,
  scheme: Scheme,
  needed: (key: KeyObject) => Needed,
  facts: { unsigned?: SignedRequest; secret?: string } = {},
): Promise<Lane> {
  const { unsigned = request(), secret = SECRET } = facts;
  const prepared = scheme.prepareKey(secret);
  if (!prepared.ok || scheme.sign === undefined) throw new Error(`${name}: cannot sign`);
  const keys = [{ id: 'key', material: prepared.material }];
  const headers = [...unsigned.headers, ...(await scheme.sign(unsigned, keys, CLOCK))];
  const ready = { ...unsigned, headers };
  const keyObject = createSecretKey(Buffer.from(secret));
  return { name, ours: () => scheme.verify(ready, keys, CLOCK), ...needed(keyObject) };
}

/** One HMAC of what is signed, in one piece and as bytes, and the comparison in constant time. */
export const macOf =
  (content: Buffer, algorithm = 'sha256') =>
  (key: KeyObject): Needed => {
    const expected = createHmac(algorithm, key).update(content).digest();
    return {
      bare: () => timingSafeEqual(createHmac(algorithm, key).update(content).digest(), expected),
      call: () => createHmac(algorithm, key).update(content).digest('hex'),
    };
  };

/** The same, and what the platform has for reading and sorting a form: neither is a call of node:crypto. */
export function withReading(form: Buffer, needed: (key: KeyObject) => Needed): (key: KeyObject) => Needed {
  const read = () => {
    const fields = new URLSearchParams(form.toString());
    fields.sort();
    return fields.toString();
  };
  return (key) => {
    const { bare, call } = needed(key);
    return { bare: () => [read(), bare()], call: () => [read(), call()] };
  };
}

/** What a lane is made of when its request comes ready. */
export interface Given {
  readonly name: string;
  readonly scheme: Scheme;
  readonly plainKey: string;
  readonly ready: SignedRequest;
  readonly bare: () => unknown;
}

/** A lane whose request somebody else signed. */
export function given({ name, scheme, plainKey, ready, bare }: Given): Lane {
  const prepared = scheme.prepareKey(plainKey);
  if (!prepared.ok) throw new Error(`${name}: ${prepared.problem}`);
  const keys = [{ id: 'key', material: prepared.material }];
  return { name, ours: () => scheme.verify(ready, keys, CLOCK), bare };
}
