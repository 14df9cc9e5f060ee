import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Answer,
  createDatabase,
  eventually,
  hexHmac,
  send,
  ServerProcess,
  type TestDatabase,
} from '#testing';

const API_KEY = 'cbk_key-of-the-durability-test-0123456789';
const SENDERS = 8;
const KILLS = 3;
/** How many callbacks are promised between two faults, at least. */
const PROMISES = 50;
// Processes are started and killed here: where the machine is busy, that takes its time.
jest.setTimeout(90_000);

/** Sends signed callbacks, each its own, and remembers which were promised. */
class Load {
  /** Bodies by the id that was answered with 200. */
  readonly promised = new Map<string, string>();
  /** Ids of the runs that were sent, promised or not. */
  readonly sent = new Set<string>();
  #stopped = false;
  #senders: Promise<void>[] = [];

  constructor(
    private readonly url: string,
    private readonly secret: string,
  ) {}

  start(): void {
    this.#senders = Array.from({ length: SENDERS }, () => this.keepSending());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
  }

  /** Waits until `count` more callbacks have been promised. */
  async promise(count: number): Promise<void> {
    const target = this.promised.size + count;
    await eventually(() => {
      if (this.promised.size < target) throw new Error(`${this.promised.size} of ${target} promised`);
    }, 20_000);
  }

  private async keepSending(): Promise<void> {
    while (!this.#stopped) {
      const filler = randomBytes(this.sent.size % 50 === 0 ? 100_000 : 300).toString('base64');
      const run = randomBytes(9).toString('hex');
      const body = JSON.stringify({ run_id: run, event: 'run.completed', filler });
      this.sent.add(run);
      try {
        const answer = await send(this.url, {
          method: 'POST',
          headers: { 'runflow-signature': hexHmac(this.secret, body) },
          body,
        });
        if (answer.status === 200) this.promised.set(answer.body['id'] as string, body);
      } catch {
        // Nothing was promised: the process is gone.
        await sleep(100);
      }
    }
  }
}

async function makeSource(server: ServerProcess): Promise<{ url: string; secret: string }> {
  const call = async (path: string, body: object) =>
    (
      await send(server.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).body;
  const source = await call('/v1/sources', { slug: 'load', provider: 'runflow' });
  const secret = await call('/v1/callback-secrets', { label: 'load', source: 'load' });
  return { url: source['ingest_url'] as string, secret: secret['plain_secret'] as string };
}

async function get(server: ServerProcess, path: string): Promise<Answer> {
  const answer = await send(server.url + path, { headers: { authorization: `Bearer ${API_KEY}` } });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

async function storedEvents(server: ServerProcess): Promise<{ id: string; run_id: string }[]> {
  const events: { id: string; run_id: string }[] = [];
  let path: string | null = '/v1/events?limit=250';
  while (path !== null) {
    const { body } = await get(server, path);
    events.push(...(body['data'] as typeof events));
    const cursor = body['next_cursor'] as string | null;
    path = cursor === null ? null : `/v1/events?limit=250&cursor=${cursor}`;
  }
  return events;
}

/** Every promise is kept once, byte for byte, and nothing is there that was not sent. */
async function expectKept(server: ServerProcess, load: Load): Promise<void> {
  const events = await storedEvents(server);
  const ids = new Set(events.map(({ id }) => id));
  const runs = events.map(({ run_id }) => run_id);
  expect(ids.size).toBe(events.length);
  expect(new Set(runs).size).toBe(events.length);
  expect([...load.promised.keys()].filter((id) => !ids.has(id))).toEqual([]);
  expect(runs.filter((run) => !load.sent.has(run))).toEqual([]);
  const wanted = [...load.promised];
  const check = async (): Promise<void> => {
    for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
      const [id, body] = next;
      expect((await get(server, `/v1/events/${id}/body`)).bytes.toString()).toBe(body);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, check));
}

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

describe('every callback that was answered 200 is there once', () => {
  let database: TestDatabase;
  let load: Load | undefined;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    await load?.stop();
    await ServerProcess.stopAll();
  });
  afterAll(() => database.drop());

  async function startUnderLoad(environment: Readonly<Record<string, string>>) {
    const started = await ServerProcess.start({ ...environment, CALLBOX_BOOTSTRAP_KEY: API_KEY });
    const { url, secret } = await makeSource(started);
    const begun = new Load(url, secret);
    load = begun;
    begun.start();
    await begun.promise(PROMISES);
    return { server: started, load: begun };
  }

  test('after the server was killed again and again under load', async () => {
    const masterKey = randomBytes(32).toString('base64');
    const running = await startUnderLoad({ DATABASE_URL: database.url, CALLBOX_MASTER_KEY: masterKey });
    for (let kill = 0; kill < KILLS; kill += 1) {
      await running.server.end('SIGKILL');
      running.server.restart();
      await running.server.ready();
      await running.load.promise(PROMISES);
    }
    await running.load.stop();
    await expectKept(running.server, running.load);
  });

  test('after the server and its embedded PostgreSQL were killed together under load', async () => {
    const running = await startUnderLoad({});
    process.kill(postmasterPid(running.server.dataDir), 'SIGKILL');
    await running.server.end('SIGKILL');
    running.server.restart();
    await running.server.ready();
    await running.load.promise(PROMISES);
    await running.load.stop();
    await expectKept(running.server, running.load);
  });
});
