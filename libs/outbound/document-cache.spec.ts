import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressPolicy } from './address-policy.js';
import { DocumentCache } from './document-cache.js';
import { OutboundClient } from './outbound-client.js';

let server: Server;
let client: OutboundClient;
let url: string;
let fetches: number;
let answer: { status: number; body: string };
let nowMs: number;

beforeEach(async () => {
  fetches = 0;
  answer = { status: 200, body: '{"keys":[]}' };
  nowMs = 1_000_000;
  server = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  client = new OutboundClient({ policy: new AddressPolicy(['127.0.0.0/8']) });
});
afterEach(async () => {
  client.close();
  await new Promise((resolve) => server.close(resolve));
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
