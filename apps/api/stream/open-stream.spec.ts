import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId, timeOfId } from '#database';
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
    if (stream.isReady()) stream.advance({ bytes, itemCount: 1, next: place, given: null, isCut: true });
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
    stream.keepUp(nowMs, 1n);
    expect(stream.ending).toBeNull();
    await read();
    await fill();
    nowMs += 50_000;
  }
  stream.keepUp(nowMs, 1n);
  stream.keepUp(nowMs + 59_000, 1n);
  expect(stream.ending).toBeNull();
  stream.keepUp(nowMs + 61_000, 1n);
  expect(stream.ending).toBe('too_slow');
});

describe('a place that a crash of PostgreSQL would take back', () => {
  const nothing = { bytes: Buffer.alloc(0), itemCount: 0, isCut: false } as const;
  const [far, id] = [beginningOf(20n, Date.now()), newId()];
  const thing = { storedIn: 15n, id, timeMs: timeOfId(id) };

  test.each([
    ['is not told to the client', null, 12n, /~12$/],
    ['is not told for one before what the client was given', thing, 12n, /\.15$/],
    ['is told once it lasts', thing, 20n, /~20$/],
  ])('%s', async (_title, given, lastingHorizon, told) => {
    let text = '';
    client.setEncoding('utf8').on('data', (part: string) => (text += part));
    stream.advance({ ...nothing, next: far, given });
    stream.keepUp(performance.now() + 20_000, lastingHorizon);
    await eventually(() => expect(text).toContain(': heartbeat\n'));
    expect(/^: heartbeat\nid: (.*)$/m.exec(text)?.[1]).toMatch(told);
    expect(stream.place).toEqual(far);
  });

  test('is given up when that may have happened, for none before what the client was given', () => {
    stream.advance({ ...nothing, next: far, given: null });
    stream.goBack(20n);
    expect(stream.place).toEqual(far);
    stream.goBack(12n);
    expect(stream.place).toEqual(beginningOf(12n, far.timeMs));
    stream.advance({ ...nothing, next: far, given: thing });
    stream.goBack(12n);
    expect(stream.place).toEqual(thing);
  });
});
