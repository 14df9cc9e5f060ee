import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import type { Settings } from '#config';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { type Change, Changes } from './changes.js';

const CHANNEL = 'callbox_changes';
/** NotificationResponse of PostgreSQL's protocol. */
const NOTIFICATION = 'A'.charCodeAt(0);

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

async function listening(databaseUrl: string): Promise<{ changes: Changes; heard: (Change | 'unknown')[] }> {
  const changes = new Changes({ databaseUrl } as Settings);
  const heard: (Change | 'unknown')[] = [];
  changes.subscribe((change) => heard.push(change));
  await changes.onModuleInit();
  return { changes, heard };
}

const announce = (change: Change) =>
  database.pool.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(change)]);

/** Passes everything on but notifications, as a pooler does that hands out connections by the transaction. */
async function deafProxy(targetUrl: string): Promise<{ url: string; server: Server }> {
  const target = new URL(targetUrl);
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream])
      socket
        .on('error', () => undefined)
        .on('close', () => [client, upstream].forEach((one) => one.destroy()));
    client.on('data', (chunk) => upstream.write(chunk));
    let rest = Buffer.alloc(0);
    upstream.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        const message = rest.subarray(0, 1 + rest.readUInt32BE(1));
        rest = rest.subarray(message.length);
        if (message[0] !== NOTIFICATION) client.write(message);
      }
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  target.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: target.href, server };
}

describe('changes', () => {
  test('are heard, but for those that only try out whether they are', async () => {
    const { changes, heard } = await listening(database.url);
    expect(changes.isListening).toBe(true);
    expect(heard).toEqual(['unknown']);
    await announce({ kind: 'source', key: 'a/b' });
    await announce({ kind: 'trial', key: 'of another process' });
    await announce({ kind: 'tenant', key: 'c' });
    await eventually(() => expect(heard).toHaveLength(3));
    expect(heard.slice(1)).toEqual([
      { kind: 'source', key: 'a/b' },
      { kind: 'tenant', key: 'c' },
    ]);
    await changes.onApplicationShutdown();
  });

  test('are not relied on where everything is answered and nothing is announced', async () => {
    const { url, server } = await deafProxy(database.url);
    const { changes, heard } = await listening(url);
    expect(changes.isListening).toBe(false);
    await eventually(() => expect(heard.length).toBeGreaterThan(1));
    expect(new Set(heard)).toEqual(new Set(['unknown']));
    expect(changes.isListening).toBe(false);
    await changes.onApplicationShutdown();
    server.close();
  });
});
