import { tmpdir } from 'node:os';
import { type Answer, eventually, hexHmac, send, TestApp, type TestTenant } from '#testing';

const MORE_THAN_THERE_IS = 2 ** 60;

let app: TestApp;
let tenant: TestTenant;
let source: Awaited<ReturnType<TestTenant['source']>>;
beforeAll(async () => {
  app = await TestApp.start({ settings: { databaseDir: tmpdir(), diskReserveBytes: 1 } });
  tenant = await app.tenant();
  source = await tenant.source('runflow');
});
afterAll(() => app.stop());

function post(run: string): Promise<Answer> {
  const body = JSON.stringify({ event: 'run.completed', run_id: run });
  return send(source.url, {
    method: 'POST',
    headers: { 'runflow-signature': hexHmac(source.secret, body) },
    body,
  });
}

function expectTurnedAway(answer: Answer): void {
  expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(5);
}

async function storedRuns(): Promise<string[]> {
  const { data } = await tenant.ok<{ data: { run_id: string }[] }>('GET', '/v1/events?limit=250');
  return data.map(({ run_id }) => run_id);
}

describe('when the disk of the embedded database comes down to its reserve', () => {
  const reserve = (bytes: number): void => void Object.assign(app.settings, { diskReserveBytes: bytes });

  test('callbacks are turned away, readiness says why, and both end by themselves', async () => {
    expect((await post('before')).status).toBe(200);
    reserve(MORE_THAN_THERE_IS);
    await eventually(async () => expectTurnedAway(await post('full')), 5_000);
    expect(await send(`${app.url}/readyz`)).toMatchObject({
      status: 503,
      body: { code: 'unavailable', detail: expect.stringContaining('nearly full') },
    });
    expect((await send(`${app.url}/healthz`)).status).toBe(200);
    // Whoever makes room, by erasing what is there, must be let in.
    expect((await tenant.call('GET', '/v1/events')).status).toBe(200);
    reserve(1);
    await eventually(async () => expect((await post('after')).status).toBe(200), 5_000);
    expect((await send(`${app.url}/readyz`)).status).toBe(200);
    expect(await storedRuns()).toEqual(expect.arrayContaining(['before', 'after']));
  });

  test('different senders are told different times', async () => {
    reserve(MORE_THAN_THERE_IS);
    await eventually(async () => expectTurnedAway(await post('full')), 5_000);
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => post(`full_${index}`)));
    reserve(1);
    const times = new Set(answers.map(({ headers }) => headers['retry-after']));
    expect(times.size).toBeGreaterThan(3);
    await eventually(async () => expect((await post('again')).status).toBe(200), 5_000);
  });
});

describe('when a database elsewhere says that its disk is full', () => {
  const sql = (text: string) => app.database.pool.query(text);
  beforeAll(() =>
    sql(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`),
  );

  test('callbacks are turned away, and taken again when it has room', async () => {
    await sql('create trigger full_disk before insert on events for each row execute function refuse()');
    expectTurnedAway(await post('no room'));
    await eventually(async () => expect((await send(`${app.url}/readyz`)).status).toBe(503), 5_000);
    await sql('drop trigger full_disk on events');
    await eventually(async () => expect((await post('with room')).status).toBe(200), 10_000);
    expect((await send(`${app.url}/readyz`)).status).toBe(200);
    expect(await storedRuns()).not.toContain('no room');
  });
});
