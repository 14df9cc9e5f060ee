import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beginningOf } from '#events';
import { eventually } from '#testing';
import { audienceOf } from './frames.js';
import { OpenStream } from './open-stream.js';

const place = beginningOf(1n, Date.now());
const bytes = Buffer.alloc(256 * 1024, ':\n');
const caller = { tenantId: '', apiKeyId: '', apiKeyName: '', role: 'viewer' } as const;

let server: Server;
let stream: OpenStream;
let client: IncomingMessage;
beforeEach(async () => {
  const response = new Promise<ServerResponse>((resolve) => {
    server = createServer((_request, answer) => resolve(answer)).listen(0, '127.0.0.1');
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const answer = new Promise<IncomingMessage>((resolve) => {
    get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }, resolve);
  });
  stream = new OpenStream(caller, audienceOf(null, false), place, await response);
  client = await answer;
  client.on('error', () => undefined);
});
afterEach(() => {
  client.destroy();
  server.close();
});

/** Writes until the client's connection holds no more. */
async function fill(): Promise<void> {
  await eventually(() => {
    if (stream.isReady()) stream.advance({ bytes, itemCount: 1, next: place, isCut: true });
    expect(stream.isReady()).toBe(false);
  });
}

/** Lets the client read what there is, and no more than that. */
async function read(): Promise<void> {
  client.resume();
  await eventually(() => expect(stream.isReady()).toBe(true));
  client.pause();
}

test('a client that takes little, and never everything, is kept; one that takes nothing for a minute is not', async () => {
  let nowMs = performance.now();
  client.pause();
  for (let minute = 0; minute < 4; minute += 1) {
    await fill();
    stream.keepUp(nowMs);
    expect(stream.ending).toBeNull();
    await read();
    await fill();
    nowMs += 50_000;
  }
  stream.keepUp(nowMs);
  stream.keepUp(nowMs + 59_000);
  expect(stream.ending).toBeNull();
  stream.keepUp(nowMs + 61_000);
  expect(stream.ending).toBe('too_slow');
});
