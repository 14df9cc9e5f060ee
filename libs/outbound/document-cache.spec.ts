import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressPolicy } from './address-policy.js';
import { DocumentCache, type DocumentQuestion } from './document-cache.js';
import { OutboundClient } from './outbound-client.js';

let server: Server;
let client: OutboundClient;
let url: string;
let fetches: number;
let answer: { status: number; body: string };
let received: { method: string | undefined; secret: unknown; body: string }[];
let nowMs: number;

beforeEach(async () => {
  fetches = 0;
  answer = { status: 200, body: '{"keys":[]}' };
  nowMs = 1_000_000;
  received = [];
  server = createServer((request, response) => {
    fetches += 1;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, headers } = request;
      received.push({ method, secret: headers['x-secret'], body: Buffer.concat(chunks).toString() });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  client = new OutboundClient({ policy: new AddressPolicy(['127.0.0.0/8']) });
});
afterEach(async () => {
  client.close();
  await new Promise((resolve) => server.close(resolve));
});

const question = (account: string, name: string): DocumentQuestion => ({
  method: 'POST',
  headers: [['X-Secret', account]],
  body: `{"key_id":"${name}"}`,
  account,
  name,
});

const cache = () => new DocumentCache(client, () => nowMs);

test('a document is fetched once for many who ask at once, and kept', async () => {
  const documents = cache();
  const [first, second] = await Promise.all([documents.get(url, 'cached'), documents.get(url, 'cached')]);
  expect(first?.toString()).toBe('{"keys":[]}');
  expect(second).toBe(first);
  expect(await documents.get(url, 'cached')).toBe(first);
  expect(fetches).toBe(1);
});

test('a refresh fetches again, but not within half a minute of the last try', async () => {
  const documents = cache();
  await documents.get(url, 'cached');
  await documents.get(url, 'refreshed');
  expect(fetches).toBe(1);
  nowMs += 30_000;
  answer.body = '{"keys":[1]}';
  expect((await documents.get(url, 'refreshed'))?.toString()).toBe('{"keys":[1]}');
  expect(fetches).toBe(2);
});

test('after ten minutes it is fetched again, and the last good one serves while its publisher is away', async () => {
  const documents = cache();
  const first = await documents.get(url, 'cached');
  nowMs += 600_000;
  answer = { status: 500, body: 'away' };
  expect(await documents.get(url, 'cached')).toBe(first);
  expect(fetches).toBe(2);
});

test.each([
  ['an error', { status: 404, body: 'none' }],
  ['a redirect', { status: 302, body: '' }],
  ['a document over 64 KiB', { status: 200, body: 'x'.repeat(65_537) }],
])('%s is no document', async (_name, scripted) => {
  answer = scripted;
  expect(await cache().get(url, 'cached')).toBeNull();
});

test('a URL in closed address space is never asked', async () => {
  const closed = new OutboundClient({ policy: new AddressPolicy([]) });
  expect(await new DocumentCache(closed).get(url, 'cached')).toBeNull();
  expect(fetches).toBe(0);
  closed.close();
});

describe('a document that is asked for with credentials', () => {
  test('is asked for as the question says, once, and kept for this account and name', async () => {
    const documents = cache();
    const first = await documents.get(url, 'cached', question('one', 'a'));
    expect(first?.toString()).toBe('{"keys":[]}');
    expect(received).toEqual([{ method: 'POST', secret: 'one', body: '{"key_id":"a"}' }]);
    expect(await documents.get(url, 'cached', { ...question('one', 'a'), headers: [] })).toBe(first);
    expect(fetches).toBe(1);
  });

  test('is never given to another account, nor for another name, nor to whoever shows none', async () => {
    const documents = cache();
    await documents.get(url, 'cached', question('one', 'a'));
    answer = { status: 403, body: 'no' };
    expect(await documents.get(url, 'cached', question('two', 'a'))).toBeNull();
    expect(await documents.get(url, 'cached', question('one', 'b'))).toBeNull();
    expect(await documents.get(url, 'cached')).toBeNull();
    expect(received.map(({ method, secret }) => [method, secret])).toEqual([
      ['POST', 'one'],
      ['POST', 'two'],
      ['POST', 'one'],
      ['GET', undefined],
    ]);
  });

  test('is not asked for more than eight times at once, and once a minute after that, whatever names are made up', async () => {
    const documents = cache();
    const known = await documents.get(url, 'cached', question('one', 'known'));
    answer = { status: 400, body: 'unknown key' };
    for (let index = 0; index < 20; index += 1)
      expect(await documents.get(url, 'cached', question('one', `made-up-${index}`))).toBeNull();
    expect(fetches).toBe(8);
    expect(await documents.get(url, 'refreshed', question('one', 'known'))).toBe(known);
    nowMs += 60_000;
    for (let index = 20; index < 30; index += 1)
      await documents.get(url, 'cached', question('one', `made-up-${index}`));
    expect(fetches).toBe(9);
    await documents.get(url, 'cached', question('two', 'a'));
    expect(fetches).toBe(10);
  });
});
