import type pg from 'pg';
import { newId } from '#database';
import { openPool } from '#testing';
import { claimDue, type ClaimedDelivery, type Window } from './claim.js';
import type { Decision } from './decide.js';
import { giveBack, renewLeases, setAside } from './lease.js';
import { type RecordedAttempt, recordAttempts } from './record.js';
import { Rows } from './rows.fixture.js';
import { settle } from './settle.js';

let rows: Rows;
let pool: pg.Pool;
beforeEach(async () => {
  rows = await Rows.start();
  pool = openPool(rows.database.url, 8);
});
afterEach(async () => {
  await pool.end();
  await rows.stop();
});

function claim(options: { most?: number; firstWindow?: number; windows?: readonly Window[] } = {}) {
  return claimDue(pool, {
    leaseSeconds: 20,
    most: 1_000,
    firstWindow: 1_000,
    windows: [],
    shares: [],
    ...options,
  });
}

async function claimOne(): Promise<ClaimedDelivery> {
  const [one, ...others] = await claim();
  if (one === undefined || others.length > 0) throw new Error('not exactly one delivery was due');
  return one;
}

function attempt(delivery: ClaimedDelivery, decision: Decision): RecordedAttempt {
  return {
    tenantId: delivery.tenant_id,
    deliveryId: delivery.id,
    destinationId: delivery.destination.id,
    leaseId: delivery.lease_id,
    number: delivery.attempt_number,
    startedAtMs: Date.now(),
    durationMs: 12,
    statusCode: 200,
    error: null,
    responseHeaders: [],
    responseBody: Buffer.alloc(0),
    responseTruncated: false,
    decision,
    sign: decision.status === 'succeeded' ? 'success' : 'unavailable',
  };
}

const attemptsOf = (id: string) =>
  rows.run('select number, error from attempts where delivery_id = $1 order by 1', id);

describe('claiming', () => {
  test('gives the oldest first, and nothing twice', async () => {
    const ids = await rows.deliveries(await rows.destination({ maxInFlight: 1_000 }), 50);
    const first = await claim({ most: 20 });
    const second = await claim();
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids);
    expect(await claim()).toEqual([]);
  });

  test('by many workers at once shares nothing', async () => {
    const destinations = await Promise.all(Array.from({ length: 20 }, () => rows.destination()));
    await Promise.all(destinations.map((id) => rows.deliveries(id, 30)));
    const claimed: string[] = [];
    const work = async () => {
      for (let looks = 0; looks < 12; looks += 1)
        claimed.push(...(await claim({ most: 15, firstWindow: 7 })).map(({ id }) => id));
    };
    await Promise.all(Array.from({ length: 6 }, work));
    expect(claimed.length).toBeGreaterThan(400);
    expect(new Set(claimed).size).toBe(claimed.length);
  });

  test('is fair: a long backlog does not keep another destination waiting', async () => {
    await rows.deliveries(await rows.destination(), 500);
    const lone = await rows.deliveries(await rows.destination(), 1);
    const claimed = await claim({ most: 20, firstWindow: 10 });
    expect(claimed.map(({ id }) => id)).toContain(lone[0]);
    // A tenant leaves half of the room to others.
    expect(claimed).toHaveLength(10);
  });

  test('gives every destination its turn when there is not room for all', async () => {
    const destinations = await Promise.all(Array.from({ length: 12 }, () => rows.destination()));
    await Promise.all(destinations.map((id) => rows.deliveries(id, 100)));
    const served = new Set<string>();
    for (let looks = 0; looks < 150; looks += 1)
      for (const { destination } of await claim({ most: 2, firstWindow: 2 })) served.add(destination.id);
    expect(served.size).toBe(12);
  });

  test('keeps within the windows of this worker, and says where more may be due', async () => {
    const [a, b] = [await rows.destination(), await rows.destination()];
    await rows.deliveries(a, 9);
    await rows.deliveries(b, 2);
    const windows = [{ destinationId: a, size: 5, inFlight: 2 }];
    const claimed = await claim({ firstWindow: 4, windows });
    const of = (id: string) => claimed.filter(({ destination }) => destination.id === id);
    expect(of(a).map(({ has_more }) => has_more)).toEqual([false, false, true]);
    expect(of(b).map(({ has_more }) => has_more)).toEqual([false, false]);
    expect(await claim({ windows: [{ destinationId: a, size: 3, inFlight: 3 }] })).toEqual([]);
  });

  test('keeps max_in_flight over all workers', async () => {
    await rows.deliveries(await rows.destination({ maxInFlight: 3 }), 20);
    const together = await Promise.all(Array.from({ length: 6 }, () => claim()));
    expect(together.flat()).toHaveLength(3);
    expect(await claim()).toEqual([]);
    const [first] = together.flat();
    if (first === undefined) throw new Error('nothing was claimed');
    await recordAttempts(pool, [attempt(first, { status: 'succeeded' })]);
    expect(await claim()).toHaveLength(1);
  });

  test('keeps rate_limit over all workers: each gets its slot', async () => {
    await rows.deliveries(await rows.destination({ perSecond: 20 }), 50);
    const [before] = await rows.run('select now() as at');
    const together = (await Promise.all(Array.from({ length: 6 }, () => claim()))).flat();
    expect(together.length).toBeGreaterThanOrEqual(8);
    const [after] = await rows.run(
      'select extract(epoch from next_slot_at - $1)::float as seconds from destinations',
      before?.['at'],
    );
    // 50 ms for each that was taken, and nothing is taken far ahead of its time.
    expect(Number(after?.['seconds'])).toBeGreaterThanOrEqual(together.length * 0.05 - 0.001);
    for (const { wait_ms } of together) expect(wait_ms).toBeLessThanOrEqual(400);
    const waits = together
      .filter(({ lease_id }) => lease_id === together[0]?.lease_id)
      .map(({ wait_ms }) => wait_ms);
    waits.forEach((wait, index) => expect(wait - (waits[0] ?? 0)).toBeCloseTo(index * 50, 0));
  });

  test('leaves alone what is paused or deleted', async () => {
    await rows.deliveries(await rows.destination({ status: 'paused' }), 1);
    const deleted = await rows.destination();
    await rows.deliveries(deleted, 1);
    await rows.run('update destinations set deleted_at = now() where id = $1', deleted);
    expect(await claim()).toEqual([]);
  });

  test('tells of an erased event and a paused source', async () => {
    await rows.deliveries(await rows.destination(), 1);
    await rows.run(`update sources set status = 'paused'`);
    expect(await claimOne()).toMatchObject({ event: null, is_source_paused: true });
  });
});

describe('a lease', () => {
  test('that has run out is taken over, and the lost attempt is written down as interrupted', async () => {
    const [id] = await rows.deliveries(await rows.destination(), 1);
    const dead = await claimOne();
    expect(await claim()).toEqual([]);
    await rows.endLeases();
    const taken = await claimOne();
    expect([dead.attempt_number, taken.attempt_number]).toEqual([1, 2]);
    await recordAttempts(pool, [attempt(taken, { status: 'succeeded' })]);
    expect(await attemptsOf(id ?? '')).toEqual([
      { number: 1, error: 'interrupted' },
      { number: 2, error: null },
    ]);
  });

  test('fences: who has lost it changes nothing, even the same worker', async () => {
    const [id = ''] = await rows.deliveries(await rows.destination(), 1);
    const stale = await claimOne();
    await rows.endLeases();
    const current = await claimOne();
    const before = await rows.delivery(id);

    expect(
      await recordAttempts(pool, [attempt(stale, { status: 'failed', pauseDestination: true })]),
    ).toEqual([{ isHeard: false, paused: null, circuit: null, isWarned: false }]);
    expect(await renewLeases(pool, [stale], 20)).toEqual(new Set());
    await giveBack(pool, [stale]);
    await setAside(pool, stale, 'cancelled');
    expect(await rows.delivery(id)).toEqual(before);
    expect(await rows.run('select status from destinations')).toEqual([{ status: 'active' }]);
    expect(await attemptsOf(id)).toEqual([{ number: 1, error: 'interrupted' }]);

    expect(await recordAttempts(pool, [attempt(current, { status: 'succeeded' })])).toMatchObject([
      { isHeard: true },
    ]);
    expect(await rows.delivery(id)).toMatchObject({ status: 'succeeded', attempt_count: 2, lease_id: null });
  });

  test('recorded twice, because the answer of the first commit was lost, counts once', async () => {
    const [id = ''] = await rows.deliveries(await rows.destination(), 1);
    const made = attempt(await claimOne(), { status: 'pending', delayMs: 60_000 });
    expect(await recordAttempts(pool, [made])).toMatchObject([{ isHeard: true }]);
    const before = await rows.delivery(id);
    expect(await recordAttempts(pool, [made])).toMatchObject([{ isHeard: false }]);
    expect(await rows.delivery(id)).toEqual(before);
  });

  test('is prolonged by its holder', async () => {
    await rows.deliveries(await rows.destination(), 1);
    const held = await claimOne();
    await rows.endLeases();
    expect(await renewLeases(pool, [held], 20)).toEqual(new Set([held.id]));
    expect(await claim()).toEqual([]);
  });

  test('is not prolonged, and not waited for, while its result is being written', async () => {
    await rows.deliveries(await rows.destination(), 1);
    const held = await claimOne();
    const writer = await pool.connect();
    await writer.query('begin');
    await writer.query('select from deliveries where id = $1 for update', [held.id]);
    expect(await renewLeases(pool, [held], 20)).toEqual(new Set());
    await writer.query('rollback');
    writer.release();
  });

  test('that is given back leaves no trace', async () => {
    const [id = ''] = await rows.deliveries(await rows.destination(), 1);
    await giveBack(pool, [await claimOne()]);
    expect(await rows.delivery(id)).toMatchObject({ status: 'pending', attempt_count: 0, lease_id: null });
    expect(await claimOne()).toMatchObject({ attempt_number: 1 });
    expect(await attemptsOf(id)).toEqual([]);
  });

  test('given back with a delay is due after it', async () => {
    await rows.deliveries(await rows.destination(), 1);
    await giveBack(pool, [await claimOne()], 5);
    expect(await claim()).toEqual([]);
  });
});

describe('recording', () => {
  test('uses the clock of the database for what comes next', async () => {
    const [id] = await rows.deliveries(await rows.destination(), 1);
    await recordAttempts(pool, [attempt(await claimOne(), { status: 'pending', delayMs: 60_000 })]);
    const [row] = await rows.run(
      `select extract(epoch from next_attempt_at - now())::float as seconds, due_at = next_attempt_at as same
       from deliveries where id = $1`,
      id,
    );
    expect(row).toMatchObject({ same: true });
    expect(Math.abs(Number(row?.['seconds']) - 60)).toBeLessThan(2);
  });

  test('a pause holds what else waits for that destination, and nothing of others', async () => {
    const [gone, other] = [await rows.destination(), await rows.destination()];
    const [first = ''] = await rows.deliveries(gone, 1);
    const claimed = await claimOne();
    const waiting = await rows.deliveries(gone, 3);
    const elsewhere = await rows.deliveries(other, 1);
    const [recorded] = await recordAttempts(pool, [
      attempt(claimed, { status: 'failed', pauseDestination: true }),
    ]);
    expect(recorded).toEqual({ isHeard: true, paused: 'gone', circuit: null, isWarned: false });
    expect(await rows.delivery(first)).toMatchObject({ status: 'failed' });
    for (const id of waiting) expect(await rows.delivery(id)).toMatchObject({ status: 'held', due_at: null });
    expect(await rows.delivery(elsewhere[0] ?? '')).toMatchObject({ status: 'pending' });
  });
});

describe('settling', () => {
  test('holds, cancels and releases, a bounded number at a time, until nothing is left to move', async () => {
    const [paused, active, deleted] = [
      await rows.destination({ status: 'paused' }),
      await rows.destination(),
      await rows.destination(),
    ];
    await rows.deliveries(paused, 1_500);
    await rows.deliveries(active, 10, 'held');
    await rows.deliveries(deleted, 10);
    await rows.deliveries(deleted, 10, 'held');
    await rows.run('update destinations set deleted_at = now() where id = $1', deleted);
    expect((await settle(pool)).moved).toBeGreaterThan(1_000);
    while ((await settle(pool)).moved > 0);
    const counts = await rows.run(
      'select destination_id, status, count(*)::integer as count from deliveries group by 1, 2 order by 1',
    );
    expect(counts).toEqual([
      { destination_id: paused, status: 'held', count: 1_500 },
      { destination_id: active, status: 'pending', count: 10 },
      { destination_id: deleted, status: 'cancelled', count: 20 },
    ]);
  });

  test('does not touch what is being sent', async () => {
    const id = await rows.destination();
    await rows.deliveries(id, 1);
    const held = await claimOne();
    await rows.run(`update destinations set status = 'paused'`);
    expect(await settle(pool)).toEqual({ moved: 0, resumed: [] });
    expect(await rows.delivery(held.id)).toMatchObject({ status: 'pending', lease_id: held.lease_id });
  });

  test('leaves held what a paused source holds', async () => {
    const id = await rows.destination();
    await rows.deliveries(id, 3, 'held');
    await rows.run(`update sources set status = 'paused'`);
    expect(await settle(pool)).toEqual({ moved: 0, resumed: [] });
    await rows.run(`update sources set status = 'active'`);
    expect(await settle(pool)).toEqual({ moved: 3, resumed: [id] });
  });
});

test('what was held for a destination is sent on in its order, whichever source it came from', async () => {
  const id = await rows.destination();
  const [first, second] = [await rows.source(30), await rows.source(30)];
  const ids = await rows.deliveries(id, 1_200, 'held');
  // All of the first source's are older than any of the second's but one.
  await rows.run('update deliveries set source_id = $1 where id = any($2)', first, ids.slice(1, 900));
  await rows.run('update deliveries set source_id = $1 where id = any($2)', second, [
    ids[0],
    ...ids.slice(900),
  ]);
  const released: number[] = [];
  for (let moved = 1; moved > 0;) {
    ({ moved } = await settle(pool));
    const pending = new Set(
      (await rows.run(`select id from deliveries where status = 'pending'`)).map((row) => row['id']),
    );
    expect(pending).toEqual(new Set(ids.slice(0, pending.size)));
    released.push(moved);
  }
  expect(released.reduce((sum, moved) => sum + moved)).toBe(1_200);
  expect(released.length).toBeGreaterThan(2);
});

test('ids of claims differ, so that one worker cannot be taken for another', async () => {
  await rows.deliveries(await rows.destination(), 2);
  const [first] = await claim({ most: 1 });
  const [second] = await claim({ most: 1 });
  expect(new Set([first?.lease_id, second?.lease_id, newId()]).size).toBe(3);
});
