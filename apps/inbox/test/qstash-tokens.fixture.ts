import { createHash, createHmac } from 'node:crypto';

export const CURRENT_KEY = 'sig_CurrentTestKey11111111111111';
export const NEXT_KEY = 'sig_NextTestKey22222222222222222';
const OTHER_KEY = 'sig_OtherTestKey3333333333333333';

type Claims = Readonly<Record<string, unknown>>;

/** A request whose signature is to be judged. */
export interface Judged {
  readonly url: string;
  readonly body: string;
}

export interface NamedToken {
  readonly name: string;
  readonly token: string;
}

interface TokenParts {
  readonly claims: Claims;
  readonly header?: unknown;
  readonly key?: string;
  readonly hash?: string;
}

const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const hashOf = (body: string): string => createHash('sha256').update(body).digest('base64url');

function sign(input: string, key = CURRENT_KEY, hash = 'sha256'): string {
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
}

function tokenOf({ claims, header = { alg: 'HS256', typ: 'JWT' }, key, hash }: TokenParts): string {
  return sign(`${encode(header)}.${encode(claims)}`, key, hash);
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

function genuineClaims({ url, body }: Judged): Claims {
  const now = nowSeconds();
  return {
    aud: '',
    body: `${hashOf(body)}=`,
    exp: now + 300,
    iat: now,
    iss: 'Upstash',
    jti: 'jwt_2yqkXRvNSiWfKt3GdJuFpzAEhmcv',
    nbf: now,
    sub: url,
  };
}

/** The token that QStash itself would send with a request. */
export function genuineToken(request: Judged, changes: Claims = {}, key = CURRENT_KEY): string {
  return tokenOf({ claims: { ...genuineClaims(request), ...changes }, key });
}

/** Tokens of every kind that one request could come with: genuine, forged, outdated and malformed. */
export function tokensFor(request: Judged): NamedToken[] {
  return [
    ...[CURRENT_KEY, NEXT_KEY, OTHER_KEY].map((key) => ({
      name: `genuine, signed with ${key}`,
      token: genuineToken(request, {}, key),
    })),
    ...withOtherClaims(request),
    ...withoutClaims(request),
    ...withOtherHeaders(request),
    ...withTamperedParts(request),
    ...malformed(request),
  ];
}

function withOtherClaims(request: Judged): NamedToken[] {
  const now = nowSeconds();
  const { url, body } = request;
  const hash = hashOf(body);
  const values: Readonly<Record<string, readonly unknown[]>> = {
    iss: ['upstash', 'Upstash ', 'UPSTASH', '', null, 1, ['Upstash'], { iss: 'Upstash' }],
    exp: [now + 30, now + 315_360_000, now - 10, now - 0.5, 0, -1, String(now + 300), null, true, []],
    nbf: [0, -1, -62_135_596_800, now - 300, now + 60, now + 3_600, String(now), null, false],
    iat: [now + 3_600, 1, -1, String(now), null, {}],
    aud: ['somebody', ['a', 'b'], null, 7],
    jti: [7, null, ''],
    body: [
      hash,
      `${hash}===`,
      hashOf(`${body} `),
      Buffer.from(hash, 'base64url').toString('hex'),
      Buffer.from(hash, 'base64url').toString('base64'),
      `=${hash}`,
      ` ${hash}`,
      hash.toUpperCase(),
      hash.slice(0, -1),
      '',
    ],
    sub: [
      `${url}/`,
      `${url}&x=1`,
      `${url}#fragment`,
      url.replace('http:', 'https:'),
      url.replace('127.0.0.1', 'localhost'),
      url.toUpperCase(),
      url.split('?')[0],
      url.slice(0, -1),
      ` ${url}`,
      new URL(url).pathname,
      '',
      null,
      [url],
    ],
    extra: ['value', { __proto__: null, deep: [1, 2] }],
  };
  return Object.entries(values).flatMap(([claim, others]) =>
    others.flatMap((value) =>
      [CURRENT_KEY, NEXT_KEY].map((key) => ({
        name: `${claim} is ${JSON.stringify(value)}, signed with ${key}`,
        token: genuineToken(request, { [claim]: value }, key),
      })),
    ),
  );
}

function withoutClaims(request: Judged): NamedToken[] {
  // A missing `body` is left out: the official receiver throws a TypeError there, which is no verdict.
  return ['aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub'].map((missing) => ({
    name: `without ${missing}`,
    token: genuineToken(request, { [missing]: undefined }),
  }));
}

function withOtherHeaders(request: Judged): NamedToken[] {
  const claims = genuineClaims(request);
  const headers: readonly unknown[] = [
    { alg: 'HS256' },
    { typ: 'JWT', alg: 'HS256' },
    { alg: 'HS256', typ: 'at+jwt' },
    { alg: 'HS256', typ: 'JWT', kid: '../../etc/passwd' },
    { alg: 'HS256', typ: 'JWT', jku: 'https://attacker.example/keys' },
    { alg: 'HS256', typ: 'JWT', crit: ['exp'], exp: 1 },
    { alg: 'HS256', typ: 'JWT', crit: [] },
    { alg: 'HS256', typ: 'JWT', b64: false, crit: ['b64'] },
    { alg: 'hs256', typ: 'JWT' },
    { alg: 'none', typ: 'JWT' },
    { alg: 'None', typ: 'JWT' },
    { alg: 'RS256', typ: 'JWT' },
    { alg: 'ES256', typ: 'JWT' },
    { alg: 'HS384', typ: 'JWT' },
    { alg: ['HS256'], typ: 'JWT' },
    { typ: 'JWT' },
    {},
    [],
    'HS256',
    null,
  ];
  return headers.map((header) => ({
    name: `header ${JSON.stringify(header)}`,
    token: tokenOf({ claims, header }),
  }));
}

function withTamperedParts(request: Judged): NamedToken[] {
  const [header = '', payload = '', mac = ''] = genuineToken(request).split('.');
  const elsewhere = encode(genuineClaims({ ...request, body: `${request.body}!` }));
  return [
    { name: 'another payload under the same signature', token: `${header}.${elsewhere}.${mac}` },
    { name: 'the signature padded', token: `${header}.${payload}.${mac}=` },
    { name: 'the signature without its last character', token: `${header}.${payload}.${mac.slice(0, -1)}` },
    { name: 'the signature twice', token: `${header}.${payload}.${mac}${mac}` },
    { name: 'an empty signature', token: `${header}.${payload}.` },
    {
      name: 'the signature in hex',
      token: `${header}.${payload}.${Buffer.from(mac, 'base64url').toString('hex')}`,
    },
    { name: 'a signature of zeros', token: `${header}.${payload}.${'A'.repeat(43)}` },
    ...[0, 10, 20, 30, 40].map((place) => ({
      name: `the signature changed at ${place}`,
      token: `${header}.${payload}.${mac.slice(0, place)}${mac[place] === 'A' ? 'B' : 'A'}${mac.slice(place + 1)}`,
    })),
  ];
}

function malformed(request: Judged): NamedToken[] {
  const [header = '', payload = '', mac = ''] = genuineToken(request).split('.');
  const payloads = ['[]', 'null', '"text"', '7', '{', '', '{"iss":"Upstash"'];
  return [
    ...['x', '.', '..', '...', `${header}.${payload}`, `${header}.${payload}.${mac}.${mac}`].map((token) => ({
      name: `the text ${JSON.stringify(token.slice(0, 20))}`,
      token,
    })),
    { name: 'a Bearer prefix', token: `Bearer ${header}.${payload}.${mac}` },
    { name: 'quotes around', token: `"${header}.${payload}.${mac}"` },
    { name: 'two tokens', token: `${header}.${payload}.${mac}, ${header}.${payload}.${mac}` },
    { name: 'a blank in the payload', token: sign(`${header}.${payload.slice(0, 9)} ${payload.slice(9)}`) },
    ...payloads.map((text) => ({
      name: `the payload ${text}`,
      token: sign(`${header}.${Buffer.from(text).toString('base64url')}`),
    })),
    { name: 'a header that is no JSON', token: sign(`${Buffer.from('{').toString('base64url')}.${payload}`) },
  ];
}
