import { Redeliveries } from '#deliveries';
import { createDatabase, eventually, ServerProcess, TestApp, type TestDatabase } from '#testing';
import { destination, Receivers, spawnWorker } from './delivering.fixture.js';
import { storeEvents, uuidOf } from './stored-events.fixture.js';

const EVENTS = 4_000;
/** So many that a step looks at a thousand events, and collecting takes several. */
const DESTINATIONS = 40;

let database: TestDatabase;
let app: TestApp;
const receivers = new Receivers();
beforeAll(async () => {
  database = await createDatabase();
  app = await TestApp.start({ database, settings: { roles: ['inbox', 'api'] } });
});
afterAll(async () => {
  await ServerProcess.stopAll('SIGKILL');
  await receivers.stop();
  await app.stop();
  await database.drop();
});

async function numberOf(sql: string): Promise<number> {
  const { rows } = await database.pool.query<{ number: number }>(sql);
  return rows[0]?.number ?? 0;
}

test('workers that are killed in the middle of an order leave every event with exactly one delivery of it', async () => {
  const tenant = await app.tenant();
  const source = await tenant.source('runflow');
  const receiver = await receivers.start();
  for (let index = 0; index < DESTINATIONS; index += 1)
    await destination(tenant, receiver.url, { types: [`type.${index}`] });
  await storeEvents(database.pool, {
    tenantId: tenant.id,
    sourceId: source.id,
    count: EVENTS,
    types: DESTINATIONS,
  });
  const order = { filter: {}, destinationId: undefined, perSecond: undefined };
  const { id } = await app.app.get(Redeliveries).ofFilter(uuidOf(tenant.id), order, 0);

  const collected = 'select total as number from redeliveries';
  const made = 'select count(*)::integer as number from deliveries';
  const moments: [sql: string, atLeast: number][] = [
    [collected, 1],
    [made, 300],
    [made, 1_500],
    [made, 2_700],
  ];
  for (const [sql, atLeast] of moments) {
    const victim = await spawnWorker(database.url);
    await eventually(async () => expect(await numberOf(sql)).toBeGreaterThanOrEqual(atLeast), 60_000);
    await victim.end('SIGKILL');
    // What it was sending: the next one need not wait for the end of the leases.
    await database.pool.query('update deliveries set due_at = now() where lease_id is not null');
  }
  expect(await numberOf(made)).toBeLessThan(EVENTS);
  await spawnWorker(database.url);
  const redeliveries = app.app.get(Redeliveries);
  await eventually(async () => {
    await database.pool.query(
      `update deliveries set due_at = now() where lease_id is not null and due_at < now() + '10 s'`,
    );
    expect(await redeliveries.get(uuidOf(tenant.id), id)).toMatchObject({
      status: 'completed',
      total: EVENTS,
      succeeded: EVENTS,
    });
  }, 90_000);
  expect(await numberOf(made)).toBe(EVENTS);
  expect(await numberOf('select count(distinct event_id)::integer as number from deliveries')).toBe(EVENTS);
  expect(new Set(receiver.requests.map(({ headers }) => headers['callbox-event-id'])).size).toBe(EVENTS);
}, 240_000);
