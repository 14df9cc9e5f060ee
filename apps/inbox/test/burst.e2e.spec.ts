import type { Socket } from 'node:net';
import { eventually, hexHmac } from '#testing';
import { OwnServer } from './own-server.fixture.js';
import { openConnection, readAnswer } from './raw-request.fixture.js';

const SENDERS = 1_500;

let server: OwnServer;
let secret: string;
const sockets: Socket[] = [];
beforeAll(async () => {
  server = await OwnServer.start();
  ({ plain_secret: secret } = await server.api<{ plain_secret: string }>('POST', '/v1/callback-secrets', {
    label: 'burst',
  }));
}, 60_000);
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => server.stop(), 60_000);

async function open(): Promise<Socket> {
  const socket = await openConnection(server.url);
  sockets.push(socket);
  return socket;
}

/** How many connections wait for their turn. */
async function waiting(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^callbox_connections_waiting (\d+)$/m.exec(text)?.[1] ?? NaN);
}

/** Sends one callback over a connection; gives back the status and the id of its event. */
async function post(socket: Socket, number: number): Promise<{ status: number; id: string }> {
  const body = JSON.stringify({ event: 'burst', number });
  const lines = [
    'POST /in/default/default HTTP/1.1',
    'host: callbox',
    `callbox-signature: ${hexHmac(secret, body)}`,
    `content-length: ${body.length}`,
  ];
  const answer = readAnswer(socket);
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const { status, body: text } = await answer;
  return { status, id: (JSON.parse(text) as { id?: string }).id ?? 'none' };
}

describe('a server that has nothing to do takes all that come at once', () => {
  test('each over a connection of its own, made for it', async () => {
    const answers = await Promise.all(
      Array.from({ length: SENDERS }, async (_, number) => post(await open(), number)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const stored = new Set((await server.events<{ id: string }>()).map(({ id }) => id));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(SENDERS);
    expect(answers.filter(({ id }) => !stored.has(id))).toEqual([]);
  }, 60_000);

  test('over connections that were there before, time and again', async () => {
    const kept: Socket[] = [];
    while (kept.length < SENDERS) kept.push(...(await Promise.all(Array.from({ length: 100 }, open))));
    for (let burst = 1; burst <= 3; burst += 1) {
      const answers = await Promise.all(kept.map((socket, index) => post(socket, burst * SENDERS + index)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
  }, 60_000);

  test('one after the other over each of many, where the next ones are left in their sockets until their turn', async () => {
    const kept: Socket[] = [];
    while (kept.length < SENDERS) kept.push(...(await Promise.all(Array.from({ length: 100 }, open))));
    const numbers = Array.from({ length: 4 }, (_, round) => (10 + round) * SENDERS);
    let mostWaiting = 0;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) mostWaiting = Math.max(mostWaiting, await waiting());
    })();
    const answers = await Promise.all(
      kept.map(async (socket, index) => {
        const statuses: number[] = [];
        for (const number of numbers) statuses.push((await post(socket, number + index)).status);
        return statuses;
      }),
    );
    isOver = true;
    await watching;
    expect(new Set(answers.flat())).toEqual(new Set([200]));
    expect(mostWaiting).toBeGreaterThan(0);
    await eventually(async () => expect(await waiting()).toBe(0));
  }, 60_000);
});
