import type { Socket } from 'node:net';
import { eventually, hexHmac, TestApp, type TestTenant } from '#testing';
import { openConnection, type RawAnswer, readAnswer, sendRaw } from './raw-request.fixture.js';

const LIMIT_BYTES = 100_000;
const BODY = '{"hello":"world"}';

let app: TestApp;
let tenant: TestTenant;
let source: Awaited<ReturnType<TestTenant['source']>>;
beforeAll(async () => {
  app = await TestApp.start({ settings: { maxBodyBytes: LIMIT_BYTES } });
  tenant = await app.tenant();
});
beforeEach(async () => {
  source = await tenant.source('callbox', { slug: `s-${Math.random().toString(36).slice(2)}` });
});
afterAll(() => app.stop());

/** A signed callback as it goes over the wire, its body left out. */
function head(lines: readonly string[], body = BODY, version = '1.1'): string {
  const first = [`POST ${new URL(source.url).pathname} HTTP/${version}`];
  return [...first, `callbox-signature: ${hexHmac(source.secret, body)}`, ...lines, '\r\n'].join('\r\n');
}

const callback = (body: string): string => head(['host: x', `content-length: ${body.length}`], body) + body;

async function storedBodies(): Promise<number> {
  const slug = new URL(source.url).pathname.split('/')[3] ?? '';
  return (await tenant.ok<{ data: unknown[] }>('GET', `/v1/events?source=${slug}`)).data.length;
}

function expectProblem({ status, head: lines, body }: RawAnswer, expected: number, code: string): void {
  expect(status).toBe(expected);
  expect(lines).toMatch(/^content-type: application\/problem\+json$/im);
  expect(lines).toMatch(/^connection: close$/im);
  expect(JSON.parse(body)).toMatchObject({ status: expected, code });
  expect((JSON.parse(body) as { instance: string }).instance).toMatch(/^urn:callbox:request:[0-9A-Z]{26}$/);
}

/** All that comes on a connection until the other side ends it. */
function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  return new Promise((resolve) => socket.once('close', () => resolve(text)).once('end', () => socket.end()));
}

describe('what is not HTTP, or could be read in two ways,', () => {
  const chunks = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  test.each([
    ['a length and chunks', ['host: x', 'content-length: 5', 'transfer-encoding: chunked'], chunks],
    ['two lengths', ['host: x', 'content-length: 17', 'content-length: 18'], `${BODY} `],
    ['a folded header', ['host: x', 'x-folded: a\r\n b', 'content-length: 17'], BODY],
    ['an unknown transfer coding', ['host: x', 'transfer-encoding: xchunked'], chunks],
    ['a coding under the chunks', ['host: x', 'transfer-encoding: gzip, chunked'], chunks],
    ['a coding that was taken away', ['host: x', 'transfer-encoding: identity, chunked'], chunks],
    ['a length that is no number', ['host: x', 'content-length: 0x11'], BODY],
    ['a blank before the colon', ['host: x', 'content-length : 17'], BODY],
    ['two hosts', ['host: x', 'Host: y', 'content-length: 17'], BODY],
    ['no host', ['content-length: 17'], BODY],
    ['a chunk without a size', ['host: x', 'transfer-encoding: chunked'], 'zz\r\n'],
    ['long extensions of a chunk', ['host: x', 'transfer-encoding: chunked'], `7;${'e'.repeat(100_000)}`],
  ])('is answered 400 and reaches no source: %s', async (_, lines, body) => {
    expectProblem(await sendRaw(app.url, head(lines), body), 400, 'malformed_request');
    expect(await storedBodies()).toBe(0);
  });

  test.each(['\x16\x03\x01\x02\x00\x01\x00', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HELO mail\r\n\r\n'])(
    'is answered 400: %j',
    async (bytes) => expectProblem(await sendRaw(app.url, bytes), 400, 'malformed_request'),
  );

  test('closes the connection behind the answers to what came whole before, and takes nobody’s place', async () => {
    const socket = await openConnection(app.url);
    const all = readAll(socket);
    socket.write(`${callback('first')}${callback('second')}GARBAGE\r\n\r\n${callback('third')}`);
    const statuses = [...(await all).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([200, 200, 400]);
    expect(await storedBodies()).toBe(2);
  });

  test('is no harm to HTTP/1.0, which needs no host', async () => {
    const answer = await sendRaw(app.url, head(['content-length: 17'], BODY, '1.0'), BODY);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'accepted' });
  });
});

describe('headers that are too large', () => {
  test.each([
    ['one of them', [`x-large: ${'a'.repeat(20_000)}`]],
    ['one that is huge', [`x-large: ${'a'.repeat(2_000_000)}`]],
    ['all together', Array.from({ length: 3_000 }, (_, index) => `x-${index}: 1`)],
  ])('are answered 431, and the sender gets to read so: %s', async (_, lines) => {
    const answer = await sendRaw(app.url, head(['host: x', 'content-length: 17', ...lines]), BODY);
    expectProblem(answer, 431, 'headers_too_large');
    expect(await storedBodies()).toBe(0);
  });

  test('are so with the URL, and at the management API', async () => {
    const request = `GET /v1/${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`;
    expectProblem(await sendRaw(app.url, request), 431, 'headers_too_large');
  });
});

describe('a sender that asks before it sends its body', () => {
  const asking = (length: number, path?: string): string => {
    const text = head(['host: x', 'expect: 100-continue', `content-length: ${length}`]);
    return path === undefined ? text : text.replace(/\/in\S+/, path);
  };

  test('is told to go on, and answered when it has', async () => {
    const socket = await openConnection(app.url);
    const first = readAnswer(socket);
    socket.write(asking(BODY.length));
    expect((await first).status).toBe(100);
    const second = readAnswer(socket);
    socket.write(BODY);
    expect(JSON.parse((await second).body)).toMatchObject({ status: 'accepted' });
    socket.destroy();
  });

  test('is answered 413 or 404 instead, and need not send it', async () => {
    for (const [request, status] of [
      [asking(LIMIT_BYTES + 1), 413],
      [asking(17, '/in/nobody/nothing'), 404],
    ] as const) {
      const answer = await sendRaw(app.url, request);
      expect(answer.status).toBe(status);
      expect(answer.head).toMatch(/^connection: close$/im);
    }
  });

  test('is told to go on at the management API, too', async () => {
    const request = `GET /v1/sources HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`;
    expect((await sendRaw(app.url, request)).status).toBe(100);
  });

  test('for something else is served as if it had not', async () => {
    const lines = ['host: x', 'expect: the-unexpected', 'content-length: 17'];
    const answer = await sendRaw(app.url, head(lines), BODY);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'accepted' });
  });
});

test('requests that come without waiting for answers are answered in order', async () => {
  const socket = await openConnection(app.url);
  const all = readAll(socket);
  const lost = callback('lost').replace(/\/in\S+/, '/in/nobody/nothing');
  socket.write(callback('first') + lost + callback('second'));
  await eventually(async () => expect(await storedBodies()).toBe(2));
  socket.end();
  const statuses = [...(await all).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  expect(statuses).toEqual([200, 404, 200]);
});

test('an offer to change to another protocol is declined, and the callback taken', async () => {
  const lines = [
    'host: x',
    'connection: Upgrade, HTTP2-Settings',
    'upgrade: h2c',
    'http2-settings: AAMAAABk',
  ];
  const answer = await sendRaw(app.url, head([...lines, 'content-length: 17']), BODY);
  expect(JSON.parse(answer.body)).toMatchObject({ status: 'accepted' });
});
