import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexHmac, send } from '#testing';
import { openConnection, readAnswer } from './raw-request.fixture.js';
import { ServerProcess } from './server-process.fixture.js';

const KEY = 'a-key-that-the-operator-chose';
const SENDERS = 1_500;

let dataDir: string;
let server: ServerProcess;
let secret: string;
const sockets: Socket[] = [];
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'callbox-burst-'));
  server = await ServerProcess.start({
    CALLBOX_DATA_DIR: dataDir,
    CALLBOX_BOOTSTRAP_KEY: KEY,
    CALLBOX_API_RATE_PER_MINUTE: '0',
  });
  ({ plain_secret: secret } = await api<{ plain_secret: string }>('POST', '/v1/callback-secrets', {
    label: 'burst',
  }));
}, 60_000);
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

async function api<Body>(method: string, path: string, body?: object): Promise<Body> {
  const answer = await send<Body>(server.url + path, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.body;
}

async function open(): Promise<Socket> {
  const socket = await openConnection(server.url);
  sockets.push(socket);
  return socket;
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

async function storedIds(): Promise<Set<string>> {
  const ids = new Set<string>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: { data: { id: string }[]; next_cursor: string | null } = await api(
      'GET',
      `/v1/events?limit=250${more}`,
    );
    for (const { id } of page.data) ids.add(id);
    cursor = page.next_cursor;
  }
  return ids;
}

describe('a server that has nothing to do takes all that come at once', () => {
  test('each over a connection of its own, made for it', async () => {
    const answers = await Promise.all(
      Array.from({ length: SENDERS }, async (_, number) => post(await open(), number)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const stored = await storedIds();
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
});
