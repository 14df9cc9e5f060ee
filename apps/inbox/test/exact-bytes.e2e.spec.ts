import { randomBytes } from 'node:crypto';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type Answer, hexHmac, send, TestApp, type TestTenant } from '#testing';
import { sendRaw } from './raw-request.fixture.js';

let app: TestApp;
let tenant: TestTenant;
let source: Awaited<ReturnType<TestTenant['source']>>;
beforeAll(async () => {
  app = await TestApp.start();
  tenant = await app.tenant();
  source = await tenant.source('callbox', { slug: 'bytes' });
});
afterAll(() => app.stop());

type Headers = Readonly<Record<string, string | string[]>>;

function post(body: Buffer, headers: Headers = {}, method = 'POST'): Promise<Answer> {
  return send(source.url, {
    method,
    headers: { 'callbox-signature': hexHmac(source.secret, body), ...headers },
    body,
  });
}

function idOf(answer: { readonly status: number; readonly body: string | Record<string, unknown> }): string {
  expect(answer.status).toBe(200);
  const body = typeof answer.body === 'string' ? (JSON.parse(answer.body) as object) : answer.body;
  return (body as { id: string }).id;
}

const storedBody = async (id: string) => (await tenant.call('GET', `/v1/events/${id}/body`)).bytes;
const stored = (id: string) =>
  tenant.ok<{ headers: [string, string][]; path: string; query: string; content_type: string | null }>(
    'GET',
    `/v1/events/${id}`,
  );

/** A signed request as it stands on the wire; `lines` are further header lines. */
function wire(target: string, body: Buffer | string, lines: readonly string[] = [], method = 'POST'): string {
  const bytes = Buffer.from(body);
  return [
    `${method} ${target} HTTP/1.1`,
    'Host: inbox.example',
    `Callbox-Signature: ${hexHmac(source.secret, bytes)}`,
    ...lines,
    '',
    bytes.toString('latin1'),
  ].join('\r\n');
}

const path = () => new URL(source.url).pathname;

describe('the bytes of a callback', () => {
  test.each<[string, Buffer]>([
    ['blanks and line ends', Buffer.from('{ "a" :\t1 ,\r\n "b": 2 }\n\n')],
    ['escapes', Buffer.from('{"name":"Jos\\u00e9","slash":"\\/"}')],
    ['numbers as written', Buffer.from('{"amount":1.0,"big":12345678901234567890,"tiny":1e-7}')],
    ['keys twice', Buffer.from('{"a":1,"a":2}')],
    ['an own __proto__', Buffer.from('{"__proto__":{"admin":true},"constructor":{"prototype":1}}')],
    ['JSON that is none', Buffer.from('{"a":')],
    ['a lone surrogate', Buffer.from('{"a":"\\ud83d"}')],
    ['a byte order mark', Buffer.from('\ufeff{"a":1}')],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['invalid UTF-8', Buffer.from('22ff2280c328f0', 'hex')],
    ['NULs', Buffer.from('00610000', 'hex')],
    ['nothing', Buffer.alloc(0)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['a nesting of 100,000', Buffer.from('['.repeat(100_000))],
    ['a megabyte of digits', Buffer.from('1'.repeat(1_048_576))],
  ])('are stored as received: %s', async (_, body) => {
    const id = idOf(await post(body, { 'content-type': 'application/json' }));
    expect((await storedBody(id)).equals(body)).toBe(true);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test('are stored as received up to the limit of 10 MiB, and one more byte is refused', async () => {
    const body = randomBytes(10_485_760);
    const id = idOf(await post(body));
    expect((await storedBody(id)).equals(body)).toBe(true);
    expect((await post(Buffer.concat([body, Buffer.from('x')]))).status).toBe(413);
  });

  test.each([
    ['gzip', gzipSync('{"a":1}')],
    ['br', brotliCompressSync('{"a":1}')],
    ['gzip, gzip', gzipSync(gzipSync('{"a":1}'))],
    ['gzip', Buffer.from('this is not gzip')],
    ['nobody-knows', Buffer.from('x')],
  ])('stay encoded when they come as %s', async (encoding, body) => {
    const id = idOf(await post(body, { 'content-encoding': encoding, 'content-type': 'application/json' }));
    expect((await storedBody(id)).equals(body)).toBe(true);
    expect((await stored(id)).headers).toContainEqual(['content-encoding', encoding]);
  });

  test('are none where a request has neither a length nor chunks', async () => {
    const answer = await sendRaw(app.url, wire(path(), ''));
    expect(await storedBody(idOf(answer))).toHaveLength(0);
  });

  test('are put together from chunks, whatever their sizes and extensions', async () => {
    const body = randomBytes(5_000);
    const pieces = [1, 2, 1_000, 3_000, 997].map((size, index, sizes) => {
      const start = sizes.slice(0, index).reduce((sum, each) => sum + each, 0);
      return [`${size.toString(16)};ext="a"\r\n`, body.subarray(start, start + size), '\r\n'];
    });
    const head = wire(path(), '', ['Transfer-Encoding: chunked']).replace(
      /Callbox-Signature: .*/,
      `Callbox-Signature: ${hexHmac(source.secret, body)}`,
    );
    const answer = await sendRaw(app.url, head, ...pieces.flat(), '0\r\nTrailer-Here: x\r\n\r\n');
    expect((await storedBody(idOf(answer))).equals(body)).toBe(true);
  });

  test('of requests that share a connection do not mix', async () => {
    const bodies = ['{"n":1}', '', '{"n":333}'];
    const requests = bodies.map((body) => wire(path(), body, [`Content-Length: ${body.length}`]));
    for (const [index, body] of bodies.entries()) {
      const answer = await sendRaw(app.url, ...requests.slice(index), ...requests.slice(0, index));
      expect((await storedBody(idOf(answer))).toString()).toBe(body);
    }
  });

  test('are taken with PUT and PATCH too', async () => {
    for (const method of ['PUT', 'PATCH']) {
      const id = idOf(await post(Buffer.from('{}'), {}, method));
      expect(await stored(id)).toMatchObject({ method });
    }
  });
});

describe('the content type of a callback', () => {
  test.each(
    [
      'application/json',
      'application/json; charset=utf-8',
      'APPLICATION/JSON;charset="x"',
      'application/json\tx',
      'text/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=never-there',
      'bogus',
      ';',
      '/',
      `long/${'x'.repeat(4_096)}`,
    ].map((contentType) => [contentType.slice(0, 50), contentType]),
  )('may be anything: %s', async (_, contentType) => {
    const body = '{"__proto__":1} --never-there a=b&c';
    const answer = await sendRaw(
      app.url,
      wire(path(), body, [`Content-Type: ${contentType}`, `Content-Length: ${body.length}`]),
    );
    const id = idOf(answer);
    expect(await stored(id)).toMatchObject({ content_type: contentType });
    expect((await storedBody(id)).toString()).toBe(body);
  });

  test('may be absent or empty', async () => {
    for (const [lines, expected] of [
      [[], null],
      [['Content-Type:'], ''],
    ] as const) {
      const answer = await sendRaw(app.url, wire(path(), '{}', ['Content-Length: 2', ...lines]));
      expect(await stored(idOf(answer))).toMatchObject({ content_type: expected });
    }
  });
});

describe('the headers of a callback', () => {
  test('are kept in order, with their spelling and their duplicates', async () => {
    const lines = [
      'Content-Length: 2',
      'X-Twice: one',
      'accept: */*',
      'x-twice: two',
      'X-Empty:',
      '__proto__: polluted',
      'constructor: x',
      'Set-Cookie: a=1',
      'X-Latin: caf\u00e9',
      'X-TWICE:   three  ',
    ];
    const answer = await sendRaw(app.url, wire(path(), '{}', lines));
    const { headers } = await stored(idOf(answer));
    expect(headers).toEqual([
      ['Host', 'inbox.example'],
      ['Callbox-Signature', hexHmac(source.secret, '{}')],
      ['Content-Length', '2'],
      ['X-Twice', 'one'],
      ['accept', '*/*'],
      ['x-twice', 'two'],
      ['X-Empty', ''],
      ['__proto__', 'polluted'],
      ['constructor', 'x'],
      ['Set-Cookie', 'a=1'],
      ['X-Latin', 'caf\u00e9'],
      ['X-TWICE', 'three'],
    ]);
  });

  test('are all kept or all refused when they are many', async () => {
    const lines = Array.from({ length: 1_500 }, (_, index) => `x-${index}: ${index}`);
    const answer = await sendRaw(app.url, wire(path(), '{}', ['Content-Length: 2', ...lines]));
    if (answer.status === 200) expect((await stored(idOf(answer))).headers).toHaveLength(1_503);
    else expect(answer.status).toBe(431);
  });

  test('over 16 KiB are refused', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `x-${index}: ${'v'.repeat(1_000)}`);
    const answer = await sendRaw(app.url, wire(path(), '{}', ['Content-Length: 2', ...lines]));
    expect(answer.status).toBe(431);
  });
});

describe('the URL of a callback', () => {
  test.each([
    ['the ingest URL itself', '', ''],
    ['a slash at its end', '/', ''],
    ['a further path', '/further/path', ''],
    ['empty segments', '//', ''],
    ['dots that lead out', '/../../other', ''],
    ['a dot', '/./x', ''],
    ['a broken escape', '/%zz', ''],
    ['escaped dots and NUL', '/%2e%2e/%00', ''],
    ['an escaped blank and odd parameters', '/a%20b', 'q=%20+&q=2&&empty=&__proto__=1'],
    ['a question mark as the query', '', '?'],
    ['a question mark in the query', '/x', 'a=1?b=2'],
    ['a query of 12,000 characters', '/x', ''.padEnd(12_000, 'long')],
    ['a path of 10,000 characters', `/${'deep/'.repeat(2_000)}`, ''],
  ])('is recorded as it stood on the wire: %s', async (_, further, query) => {
    const target = path() + further + (query === '' ? '' : `?${query}`);
    const answer = await sendRaw(app.url, wire(target, '{}', ['Content-Length: 2']));
    expect(await stored(idOf(answer))).toMatchObject({ path: path() + further, query });
  });

  test('may be written in the absolute form', async () => {
    for (const origin of ['http://inbox.example', 'HTTPS://Other.example:8443']) {
      const answer = await sendRaw(app.url, wire(`${origin}${path()}/x?a=1`, '{}', ['Content-Length: 2']));
      expect(await stored(idOf(answer))).toMatchObject({ path: `${path()}/x`, query: 'a=1' });
    }
  });

  test('leads nowhere when it only looks like the one of a source', async () => {
    const [, , tenantSlug = ''] = path().split('/');
    for (const target of [
      '/in',
      '/in/',
      `/in/${tenantSlug}`,
      `/in/${tenantSlug}/`,
      `/in//${tenantSlug}/bytes`,
      `/in/${tenantSlug}//bytes`,
      `/in/${tenantSlug}/BYTES`,
      `/in/${tenantSlug}/bytes%20`,
      `/in/${tenantSlug}/by%74es`,
      `/in/${tenantSlug}/bytes;x`,
      `/in/${tenantSlug}/../${tenantSlug}/bytes`,
      `/IN/${tenantSlug}/bytes`,
      `/x${path()}`,
      `//in/${tenantSlug}/bytes`,
    ]) {
      const answer = await sendRaw(app.url, wire(target, '{}', ['Content-Length: 2']));
      expect(`${target}: ${answer.status}`).toBe(`${target}: 404`);
    }
  });

  test('over the limit of a request head is refused', async () => {
    const answer = await sendRaw(
      app.url,
      wire(`${path()}/${'x'.repeat(20_000)}`, '{}', ['Content-Length: 2']),
    );
    expect(answer.status).toBe(431);
  });
});
