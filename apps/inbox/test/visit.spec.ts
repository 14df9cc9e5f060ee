import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressPolicy, OutboundClient } from '#outbound';
import { visit } from '../visit.js';

const seen: string[] = [];
let provider: Server;
let client: OutboundClient;
beforeAll(async () => {
  provider = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.url === '/moved') response.writeHead(302, { location: '/confirm' }).end();
    else response.writeHead(request.url === '/confirm?token=1' ? 200 : 403).end();
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  client = new OutboundClient({ policy: new AddressPolicy(['127.0.0.0/8']) });
});
afterAll(async () => {
  client.close();
  await new Promise((resolve) => provider.close(resolve));
});

const at = (path: string) => `http://127.0.0.1:${(provider.address() as AddressInfo).port}${path}`;

test('a URL is opened once, and it is told whether it answered well', async () => {
  expect(await visit(client, at('/confirm?token=1'))).toBe(true);
  expect(await visit(client, at('/gone'))).toBe(false);
  expect(await visit(client, at('/moved'))).toBe(false);
  expect(seen).toEqual(['GET /confirm?token=1', 'GET /gone', 'GET /moved']);
});

test('a private address is not opened unless it is allowed', async () => {
  const strict = new OutboundClient({ policy: new AddressPolicy([]) });
  const before = seen.length;
  expect(await visit(strict, at('/confirm?token=1'))).toBe(false);
  strict.close();
  expect(seen).toHaveLength(before);
});
