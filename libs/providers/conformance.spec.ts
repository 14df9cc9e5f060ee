import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HeaderPairs, Key, Verdict } from '#signatures';
import { genericRequests } from './conformance-generic.fixture.js';
import {
  enlarged,
  type Genuine,
  genuineOf,
  keyOf,
  signedAfresh,
  type Vector,
  withBody,
  withoutHeaders,
} from './conformance.fixture.js';
import { listPresets } from './index.js';
import type { Callback, ProviderPreset } from './preset.js';

/**
 * Signatures that cannot be made over every body, and why. A row that is not true fails. Everything else that a preset leaves
 * out of a case follows from its data: no `sign` (only the provider can make another genuine request), `uncovered` (the
 * body is not signed), no signed time, no header.
 */
const UNSIGNABLE: readonly {
  readonly id: string;
  readonly reason: string;
  readonly bodies: readonly BodyKind[];
  readonly contentType?: RegExp;
}[] = [
  {
    id: 'linear',
    reason: 'the time that is judged stands in the JSON body (webhookTimestamp)',
    bodies: ['nothing at all', 'bytes that are no UTF-8'],
  },
  {
    id: 'toast',
    reason: 'the timestamp of the JSON body is signed once more behind the body',
    bodies: ['nothing at all', 'bytes that are no UTF-8'],
  },
  {
    id: 'twilio',
    reason: 'what is signed are the fields of the form, and such bytes are none',
    bodies: ['bytes that are no UTF-8'],
    contentType: /form-urlencoded/,
  },
  ...['hubspot-v1', 'hubspot-v2', 'lark'].map((id) => ({
    id,
    reason: 'a digest whose secret stands first takes text only: else it could be lengthened',
    bodies: ['bytes that are no UTF-8'] as const,
  })),
  {
    id: 'hygraph',
    reason: 'what is signed is a JSON text that holds the body',
    bodies: ['bytes that are no UTF-8'],
  },
  ...['favro', 'praxis', 'usps'].map((id) => ({
    id,
    reason: 'values of the JSON body are signed',
    bodies: ['nothing at all', 'bytes that are no UTF-8'] as const,
  })),
];

type BodyKind = 'nothing at all' | 'bytes that are no UTF-8' | '1 MiB';

function isUnsignable({ preset, request }: Genuine, what: BodyKind): boolean {
  const type = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return UNSIGNABLE.some(
    ({ id, bodies, contentType = /^/ }) =>
      id === preset.id && bodies.includes(what) && contentType.test(type),
  );
}

/** The life of a token is written into it (RFC 7519 4.1.4, 4.1.5) and is no tolerance around the time it was made. */
const TOKENS: readonly string[] = ['jwt', 'oidc'];
/** Tokens with a MAC: decoded as forgivingly as the official receivers do it; the bytes are what is compared. */
const LOOSELY_SPELLED: readonly string[] = [...TOKENS, 'jwt-issued-at'];

const LONG = 'a'.repeat(5000);
const MONTH_MS = 30 * 24 * 3600 * 1000;
const FOLDER = join(process.cwd(), 'libs/providers/presets');
/** Refusals that say "somebody else signed this", "this is not readable" and "there is nothing". */
const MISMATCH = ['signature_mismatch', 'authorization_mismatch', 'claim_invalid'];
const MALFORMED = ['signature_malformed', 'authorization_mismatch'];
const MISSING = ['signature_missing', 'authorization_missing'];

const presets = listPresets();

function vectorRequests(preset: ProviderPreset): readonly Genuine[] {
  const path = join(FOLDER, `${preset.id}.vectors.json`);
  if (!existsSync(path)) return [];
  const vectors = JSON.parse(readFileSync(path, 'utf8')) as readonly Vector[];
  return vectors.flatMap((vector, index) =>
    vector.handshake === undefined ? [genuineOf(preset, vector, `${preset.id} #${index + 1}`)] : [],
  );
}

/** Nothing is signed and nothing is compared: no case below has anything to refuse. */
const unverified = presets.filter(({ scheme }) => scheme.secretUse === 'none');
const hasProof = ({ scheme }: Genuine) => scheme.secretUse !== 'none';
const received = presets.flatMap(vectorRequests).filter(hasProof);
const generic = genericRequests();
/** Requests that are right as they stand, and requests that are right once they are signed. */
const carried = [...received, ...generic.filter(({ scheme }) => scheme.sign === undefined)];
const signable = [...received, ...generic].filter(({ scheme }) => scheme.sign !== undefined);

const titled = (all: readonly Genuine[]) => all.map((genuine) => [genuine.title, genuine] as const);

async function verify(
  { scheme, secret, nowMs, published }: Genuine,
  request: Callback,
  given: { readonly keys?: readonly Key[]; readonly nowMs?: number } = {},
): Promise<Verdict> {
  const keys = given.keys ?? [keyOf(scheme, secret)];
  return scheme.verify(request, keys, { nowMs: given.nowMs ?? nowMs }, published);
}

/** `accepted`, or why not. */
async function outcome(...parameters: Parameters<typeof verify>): Promise<string> {
  const verdict = await verify(...parameters);
  return verdict.ok ? 'accepted' : verdict.reason;
}

function replaced(request: Callback, name: string, change: (value: string) => string): Callback {
  const headers = request.headers.map(
    ([other, value]) => [other, other === name ? change(value) : value] as const,
  );
  return { ...request, headers };
}

/** The headers of this request that belong to its signature, as they are spelled in it; the signature is the first. */
function proofHeaders({ scheme, request }: Genuine): readonly string[] {
  const present = request.headers.map(([name]) => name);
  return scheme.signatureHeaders.flatMap((wanted) =>
    present.filter((name) => name.toLowerCase() === wanted.toLowerCase()),
  );
}

/** The token of a request and what it says, where there is one. */
function claimsOf({ request }: Genuine): Readonly<Record<string, unknown>> | null {
  for (const [, value] of request.headers) {
    const payload = /eyJ[\w-]*\.([\w-]+)\.[\w-]+/.exec(value)?.[1];
    if (payload !== undefined)
      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  }
  return null;
}

/** At most 200 places spread over the body, first and last byte among them. */
function placesIn(body: Buffer): readonly number[] {
  const count = Math.min(body.length, 200);
  return Array.from({ length: count }, (_, index) =>
    Math.round((index * (body.length - 1)) / Math.max(count - 1, 1)),
  );
}

function isBodyUncovered({ uncovered = '' }: ProviderPreset): boolean {
  return /body|fields/i.test(uncovered);
}

/** The same request signed by ourselves, so that what follows holds for what we send too. */
async function afresh(genuine: Genuine, body = genuine.request.body): Promise<Genuine> {
  const unsigned = { ...genuine, request: withBody(genuine.request, body) };
  const request = await signedAfresh(unsigned);
  if (request === null) throw new Error(`${genuine.title} does not sign`);
  return { ...unsigned, request };
}

describe('the suite', () => {
  test('has a genuine request of every preset', () => {
    const tried = new Set(
      [...unverified, ...[...carried, ...signable].map(({ preset }) => preset)].map(({ id }) => id),
    );
    expect(presets.map(({ id }) => id).filter((id) => !tried.has(id))).toEqual([]);
  });
});

describe('providers that sign nothing', () => {
  test('accept whatever comes, name no key, and say so', async () => {
    for (const preset of unverified) {
      const request = {
        method: 'POST',
        url: 'https://inbox.example/',
        headers: [],
        body: Buffer.from([0xff]),
      };
      const verdict = await preset.scheme.verify(request, [], { nowMs: 0 });
      expect(verdict).toEqual({ ok: true, keyId: null, signedAtMs: null });
      expect(preset.uncovered).toMatch(/body/i);
      expect([preset.id, preset.secret.source]).toEqual([preset.id, 'none']);
    }
  });
});

function judge(source: Genuine, prepare: (genuine: Genuine) => Promise<Genuine>): void {
  const { scheme, preset } = source;
  let genuine: Genuine = source;
  beforeAll(async () => {
    genuine = await prepare(source);
  });
  const keys = () =>
    [keyOf(scheme, genuine.secret, 'right'), keyOf(scheme, genuine.otherSecret, 'other')] as const;

  test('is accepted, with the key that vouches for it wherever it stands', async () => {
    const [right, other] = keys();
    for (const given of [[right], [other, right], [right, other]]) {
      const verdict = await verify(genuine, genuine.request, { keys: given });
      expect(verdict).toMatchObject({ ok: true, keyId: 'right' });
    }
  });

  test('is refused with another secret, and as no_secret with none', async () => {
    const [, other] = keys();
    expect(MISMATCH).toContain(await outcome(genuine, genuine.request, { keys: [other] }));
    expect(await outcome(genuine, genuine.request, { keys: [] })).toBe('no_secret');
  });

  test('is refused with one byte altered, unless the preset says that the body is not signed', async () => {
    let accepted = 0;
    for (const place of placesIn(genuine.request.body)) {
      const body = Buffer.from(genuine.request.body);
      body[place] = (body[place] ?? 0) ^ 1;
      if (await outcome(genuine, { ...genuine.request, body }).then((found) => found === 'accepted'))
        accepted += 1;
    }
    if (!isBodyUncovered(preset)) expect(accepted).toBe(0);
  });

  test('is refused with a byte more or less at its end', async () => {
    if (isBodyUncovered(preset)) return;
    const { body } = genuine.request;
    const longer = Buffer.concat([body, Buffer.from('x')]);
    const shorter = body.subarray(0, Math.max(0, body.length - 1));
    expect(await outcome(genuine, { ...genuine.request, body: longer })).not.toBe('accepted');
    if (body.length > 0)
      expect(await outcome(genuine, { ...genuine.request, body: shorter })).not.toBe('accepted');
  });

  test('is refused when what proves it is missing', async () => {
    const { request } = genuine;
    if (scheme.signatureHeaders.length === 0) {
      // Without its headers, for a multipart type would make a missing proof an unreadable body.
      const body = scheme.name === 'token-query' ? request.body : Buffer.from('{}');
      const bare = { ...request, url: request.url.replace(/\?.*$/, ''), headers: [], body };
      expect(MISSING).toContain(await outcome(genuine, bare));
      return;
    }
    const bare = { ...request, headers: withoutHeaders(request.headers, scheme.signatureHeaders) };
    expect(MISSING).toContain(await outcome(genuine, bare));
    const spare = await spareHeaders(genuine);
    for (const name of proofHeaders(genuine).filter((one) => !spare.includes(one))) {
      const without = { ...request, headers: withoutHeaders(request.headers, [name]) };
      // Where another key's signature is still there, the request is not unsigned but wrongly signed.
      const expected = spare.length > 0 ? [...MISSING, ...MISMATCH] : MISSING;
      expect(expected).toContain(await outcome(genuine, without));
    }
    // A second signature by another key may go; what is left must then prove the request alone.
    const lean = { ...request, headers: withoutHeaders(request.headers, spare) };
    expect(await outcome(genuine, lean)).toBe('accepted');
  });

  test('is refused as malformed with anything else in place of the signature', async () => {
    const [name] = proofHeaders(genuine);
    if (name === undefined) return;
    for (const value of [
      '',
      ' ',
      ',',
      '=',
      'v1=',
      't=1',
      'sha256=',
      '\0',
      'undefined',
      'Bearer ',
      'é',
      LONG,
    ]) {
      const found = await outcome(
        genuine,
        replaced(genuine.request, name, () => value),
      );
      expect([value, MALFORMED.includes(found), found]).toEqual([value, true, found]);
    }
  });

  test('is refused with any of its headers twice or longer than 4 KiB', async () => {
    for (const name of proofHeaders(genuine)) {
      const value = genuine.request.headers.find(([other]) => other === name)?.[1] ?? '';
      const twice: HeaderPairs = [...genuine.request.headers, [name.toUpperCase(), value]];
      const isSpare = (await spareHeaders(genuine)).includes(name);
      if (!isSpare)
        expect(MALFORMED).toContain(await outcome(genuine, { ...genuine.request, headers: twice }));
      const long = replaced(genuine.request, name, (text) => text.padEnd(4097, text.slice(-1)));
      if (!isSpare) expect(MALFORMED).toContain(await outcome(genuine, long));
    }
  });

  test('is refused with its token twice in the query, or longer than 4 KiB', async () => {
    const { request } = genuine;
    if (scheme.name !== 'token-query') return;
    const [, query = ''] = request.url.split('?');
    expect(MALFORMED).toContain(await outcome(genuine, { ...request, url: `${request.url}&${query}` }));
    expect(MALFORMED).toContain(await outcome(genuine, { ...request, url: request.url + 'x'.repeat(4097) }));
  });

  test('is refused when it is stale or from the future, if its time is signed', async () => {
    const at = async (nowMs: number) => outcome(genuine, genuine.request, { nowMs });
    const verdict = await verify(genuine, genuine.request);
    const signedAtMs = verdict.ok ? verdict.signedAtMs : null;
    const toleranceSeconds = scheme.defaultToleranceSeconds;
    if (!scheme.signsTimestamp) {
      expect(signedAtMs).toBeNull();
      expect(await at(genuine.nowMs + MONTH_MS)).toBe('accepted');
      return;
    }
    if (toleranceSeconds === null) {
      // Retries come for days with their first time. Only its certificate may have run out by then.
      expect(['accepted', 'claim_invalid']).toContain(await at(genuine.nowMs + MONTH_MS));
      return;
    }
    expect(await at(genuine.nowMs + MONTH_MS)).toBe('timestamp_outside_tolerance');
    if (TOKENS.includes(scheme.name)) {
      const isFromSomeTime = typeof claimsOf(genuine)?.nbf === 'number';
      const early = await at(genuine.nowMs - MONTH_MS);
      // A token without `nbf` names no beginning: it is good until it expires.
      expect(early).toBe(isFromSomeTime ? 'timestamp_outside_tolerance' : 'accepted');
      return;
    }
    expect(await at(genuine.nowMs - MONTH_MS)).toBe('timestamp_outside_tolerance');
    expect(typeof signedAtMs).toBe('number');
    for (const sign of [-1, 1]) {
      const edge = (signedAtMs ?? 0) + sign * toleranceSeconds * 1000;
      expect(await at(edge)).toBe('accepted');
      expect(await at(edge + sign)).toBe('timestamp_outside_tolerance');
    }
  });
}

/** Headers that the request is accepted without: the signature of another key, or one in a second spelling. */
async function spareHeaders(genuine: Genuine): Promise<readonly string[]> {
  const spare: string[] = [];
  for (const name of proofHeaders(genuine)) {
    const headers = withoutHeaders(genuine.request.headers, [name]);
    if ((await outcome(genuine, { ...genuine.request, headers })) === 'accepted') spare.push(name);
  }
  return spare;
}

describe.each(titled(carried))('%s, as it came,', (_title, genuine) => {
  judge(genuine, (one) => Promise.resolve(one));
});

describe.each(titled(signable))('%s, signed by us,', (_title, source) => {
  judge(source, afresh);

  test('is refused with a character altered in any of its headers', async () => {
    const genuine = await afresh(source);
    for (const name of proofHeaders(genuine)) {
      // In every one of several signatures, because each would do alone.
      const altered = replaced(genuine.request, name, (value) =>
        value.split(' ').map(withOneAltered).join(' '),
      );
      expect(await outcome(genuine, altered)).not.toBe('accepted');
    }
  });

  test('is accepted in one spelling only: not with characters whose low byte is the same', async () => {
    const genuine = await afresh(source);
    if (LOOSELY_SPELLED.includes(source.scheme.name)) return;
    const [name = ''] = proofHeaders(genuine);
    const shifted = (value: string) =>
      value.slice(0, -1) + String.fromCharCode(value.charCodeAt(value.length - 1) + 0x100);
    expect(await outcome(genuine, replaced(genuine.request, name, shifted))).not.toBe('accepted');
  });
});

const BODIES: readonly (readonly [what: BodyKind, body: (source: Genuine) => Buffer])[] = [
  ['nothing at all', () => Buffer.alloc(0)],
  ['bytes that are no UTF-8', () => Buffer.from('22ff00c328fe22', 'hex')],
  ['1 MiB', ({ request }) => enlarged(request)],
];

describe.each(titled(signable))('%s, signed by us over', (_title, source) => {
  test.each(BODIES)('%s, is accepted', async (what, body) => {
    if (isUnsignable(source, what)) {
      const found = await afresh(source, body(source)).then(
        (genuine) => outcome(genuine, genuine.request),
        (cause: unknown) => (cause instanceof Error ? cause.message : 'thrown'),
      );
      expect(found).toMatch(/cannot sign|signature_/);
      return;
    }
    const genuine = await afresh(source, body(source));
    expect(await outcome(genuine, genuine.request)).toBe('accepted');
  });
});

const unsigned = carried.filter(({ scheme }) => scheme.sign === undefined);

describe.each(titled(unsigned))('%s, which only its sender can sign, over', (_title, source) => {
  test.each(BODIES)('%s, is judged and never an exception', async (_what, body) => {
    const found = await outcome(source, { ...source.request, body: body(source) });
    const isTold = source.scheme.secretUse === 'compare' && source.scheme.name !== 'token-body';
    if (isTold) expect(found).toBe('accepted');
    else if (!isBodyUncovered(source.preset)) expect(found).not.toBe('accepted');
  });
});

describe.each(presets.map((preset) => [preset.id, preset] as const))(
  'the secrets of %s',
  (_id, { scheme }) => {
    const example = [...received, ...generic].find((genuine) => genuine.scheme === scheme);

    test('are never empty, blank, only a prefix, or half a character', () => {
      if (scheme.secretUse === 'none') return;
      for (const plainSecret of ['', ' ', '\n', '\t \r\n', '\ud800'.repeat(32)])
        expect([plainSecret, scheme.prepareKey(plainSecret).ok]).toEqual([plainSecret, false]);
      if (scheme.secretUse === 'public') return;
      for (const plainSecret of ['whsec_', 'sig_', 'a', 'a:b', '0123456'])
        expect([plainSecret, scheme.prepareKey(plainSecret).ok]).toEqual([plainSecret, false]);
    });

    test('are never mended: white space around one is a mistake', () => {
      if (example === undefined || scheme.secretUse === 'public') return;
      for (const mangled of [` ${example.secret}`, `${example.secret} `, `${example.secret}\n`])
        expect(scheme.prepareKey(mangled).ok).toBe(false);
    });

    test('are not repeated when they are refused', () => {
      const plainSecret = 'x7Kp2 ';
      const prepared = scheme.prepareKey(plainSecret);
      if (!prepared.ok) expect(prepared.problem).not.toContain(plainSecret.trim());
    });
  },
);

function withOneAltered(text: string): string {
  const place = Math.floor((text.length * 2) / 3);
  return text.slice(0, place) + (text[place] === '0' ? '1' : '0') + text.slice(place + 1);
}
