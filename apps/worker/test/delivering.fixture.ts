import { randomBytes } from 'node:crypto';
import {
  eventually,
  hexHmac,
  qstashToken,
  Receiver,
  send,
  ServerProcess,
  TestApp,
  type TestTenant,
} from '#testing';

/** A delivery as the API shows it. */
export interface ShownDelivery {
  readonly id: string;
  readonly event_id: string;
  readonly destination_id: string;
  readonly status: string;
  readonly attempt_count: number;
  readonly next_attempt_at: string | null;
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly attempts: readonly {
    readonly number: number;
    readonly started_at: string;
    readonly duration_ms: number;
    readonly status_code: number | null;
    readonly error: string | null;
    readonly response_headers: readonly [string, string][] | null;
    readonly response_body: string | null;
    readonly response_truncated: boolean;
  }[];
}

/** A redelivery as the API shows it. */
export interface ShownRedelivery {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly deliveries: readonly Pick<ShownDelivery, 'id' | 'event_id' | 'destination_id' | 'status'>[];
}

interface Source {
  readonly url: string;
  readonly secret: string;
}

/** Body of a Runflow callback of a run of its own. */
export function runflowBody(
  runId = `run_${randomBytes(6).toString('hex')}`,
  event = 'run.completed',
): string {
  return JSON.stringify({ event, run_id: runId, status: 'succeeded', output: null });
}

/** Sends a Runflow callback; gives back the id of its event. */
export async function callRunflow(source: Source, body: string | Buffer = runflowBody()): Promise<string> {
  return acceptedId(source.url, body, {
    'runflow-signature': hexHmac(source.secret, body),
    'content-type': 'application/json',
  });
}

/** Sends a QStash callback; gives back the id of its event. */
export async function callQstash(
  source: Source,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  return acceptedId(source.url, body, {
    'Upstash-Message-Id': `msg_${randomBytes(8).toString('hex')}`,
    'Upstash-Signature': qstashToken(source.secret, { url: source.url, body }),
    'Content-Type': 'application/json',
    ...headers,
  });
}

async function acceptedId(
  url: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const answer = await send<{ id: string; status: string }>(url, { method: 'POST', headers, body });
  if (answer.status !== 200 || answer.body.status !== 'accepted')
    throw new Error(`not accepted: ${answer.status} ${answer.bytes.toString('utf8')}`);
  return answer.body.id;
}

/** Makes a destination; gives back its id and signing secret. */
export async function destination(
  tenant: TestTenant,
  url: string,
  settings: object = {},
): Promise<{ readonly id: string; readonly signing_secret: string }> {
  return tenant.ok('POST', '/v1/destinations', { name: 'app', url, ...settings });
}

/** The deliveries of an event, newest first. */
export async function deliveriesOf(tenant: TestTenant, eventId: string): Promise<ShownDelivery[]> {
  const { data } = await tenant.ok<{ data: ShownDelivery[] }>('GET', `/v1/deliveries?event_id=${eventId}`);
  return data;
}

export function delivery(tenant: TestTenant, id: string): Promise<ShownDelivery> {
  return tenant.ok<ShownDelivery>('GET', `/v1/deliveries/${id}`);
}

/** Waits until the only delivery of an event is as expected. */
export async function deliveryThat(
  tenant: TestTenant,
  eventId: string,
  expected: Partial<ShownDelivery>,
): Promise<ShownDelivery> {
  return eventually(async () => {
    const all = await deliveriesOf(tenant, eventId);
    expect(all).toHaveLength(1);
    const one = await delivery(tenant, all[0]?.id ?? '');
    expect(one).toMatchObject(expected);
    return one;
  });
}

/** Waits until every event has got the deliveries that it gets by itself. */
export async function allFannedOut(app: TestApp): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await app.database.pool.query('select from fan_outs');
    expect(rowCount).toBe(0);
  });
}

/** A worker as its users start it, on a database that is there already; it can be killed. */
export function spawnWorker(databaseUrl: string): Promise<ServerProcess> {
  return ServerProcess.spawn({
    DATABASE_URL: databaseUrl,
    CALLBOX_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    CALLBOX_ROLES: 'worker',
    CALLBOX_ALLOW_DESTINATIONS: '127.0.0.0/8',
  });
}

/** Receivers of one spec file, stopped together. */
export class Receivers {
  readonly #started: Receiver[] = [];

  async start(): Promise<Receiver> {
    const receiver = await Receiver.start();
    this.#started.push(receiver);
    return receiver;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((receiver) => receiver.stop()));
  }
}

/** The application of a spec file, with what its tests deliver to. */
export class Delivering {
  readonly receivers = new Receivers();
  app!: TestApp;

  /** Starts it before the tests of the file and stops it after them; receivers first, so that no attempt is waited for. */
  static forThisFile(): Delivering {
    const delivering = new Delivering();
    beforeAll(async () => {
      delivering.app = await TestApp.start();
    });
    afterAll(async () => {
      await delivering.receivers.stop();
      await delivering.app.stop();
    });
    return delivering;
  }

  /** A tenant with a source of Runflow's and somebody who receives. */
  async runflowTenant() {
    const tenant = await this.app.tenant();
    const source = await tenant.source('runflow');
    return { tenant, source, receiver: await this.receivers.start() };
  }
}
