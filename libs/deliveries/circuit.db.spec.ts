import type pg from 'pg';
import { openPool } from '#testing';
import { claimDue, type ClaimedDelivery } from './claim.js';
import type { Decision, Sign } from './decide.js';
import { type Recorded, recordAttempts } from './record.js';
import { Rows } from './rows.fixture.js';

let rows: Rows;
let pool: pg.Pool;
let destinationId: string;
beforeEach(async () => {
  rows = await Rows.start();
  pool = openPool(rows.database.url, 8);
  destinationId = await rows.destination();
});
afterEach(async () => {
  await pool.end();
  await rows.stop();
});

const claim = (most = 1_000) =>
  claimDue(pool, { leaseSeconds: 20, most, firstWindow: 1_000, windows: [], shares: [] });

const LATER: Decision = { status: 'pending', delayMs: 600_000 };

function record(claimed: readonly ClaimedDelivery[], signs: readonly (Sign | null)[]): Promise<Recorded[]> {
  return recordAttempts(
    pool,
    claimed.map((delivery, index) => ({
      tenantId: delivery.tenant_id,
      deliveryId: delivery.id,
      destinationId: delivery.destination.id,
      leaseId: delivery.lease_id,
      number: delivery.attempt_number,
      startedAtMs: Date.now(),
      durationMs: 12,
      statusCode: 500,
      error: null,
      responseHeaders: [],
      responseBody: Buffer.alloc(0),
      responseTruncated: false,
      decision: signs[index] === 'success' ? { status: 'succeeded' } : LATER,
      sign: signs[index] ?? null,
    })),
  );
}

/** Makes, claims and records one delivery for each sign, all in one batch. */
async function attempts(...signs: (Sign | null)[]): Promise<Recorded[]> {
  await rows.deliveries(destinationId, signs.length);
  const claimed = await claim();
  expect(claimed).toHaveLength(signs.length);
  return record(claimed, signs);
}

const times = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);

async function circuit(): Promise<Record<string, unknown> | undefined> {
  const [row] = await rows.run(
    `select *, round(extract(epoch from next_probe_at - now()))::integer as pause_seconds from circuits`,
  );
  return row;
}

/** As if everything had happened so much earlier. */
async function age(interval: string): Promise<void> {
  await rows.run(
    `update circuits set failing_since = failing_since - $1::interval, unavailable_since = unavailable_since - $1::interval,
       opened_at = opened_at - $1::interval, next_probe_at = next_probe_at - $1::interval`,
    interval,
  );
}

async function open(): Promise<void> {
  await attempts(...times(9, 'unavailable' as const));
  await age('31 seconds');
  expect(await attempts('unavailable')).toMatchObject([{ circuit: 'opened' }]);
}

describe('a circuit', () => {
  test('stays closed while failures are many and quick, or long ago and few', async () => {
    await attempts(...times(50, 'unavailable' as const));
    expect(await circuit()).toMatchObject({ unavailable_attempts: 50, opened_at: null });
    await rows.run('delete from circuits');
    await attempts(...times(8, 'unavailable' as const));
    await age('1 hour');
    await attempts('unavailable');
    expect(await circuit()).toMatchObject({ unavailable_attempts: 9, opened_at: null });
  });

  test('opens at the tenth failure in a row over half a minute, for ten seconds at first', async () => {
    await open();
    expect(await circuit()).toMatchObject({
      unavailable_attempts: 10,
      failed_attempts: 10,
      pause_seconds: 10,
    });
  });

  test.each(['success', 'answer'] as const)('does not open when there is a %s in between', async (sign) => {
    await attempts(...times(9, 'unavailable' as const));
    await age('31 seconds');
    await attempts(sign, 'unavailable');
    expect(await circuit()).toMatchObject({
      unavailable_attempts: 1,
      failed_attempts: sign === 'success' ? 1 : 11,
      opened_at: null,
    });
  });

  test('learns nothing from what was not asked, or from who has lost the lease', async () => {
    await attempts(null);
    expect(await circuit()).toBeUndefined();
    await rows.run(`update deliveries set due_at = now() - interval '1 second'`);
    const stale = await claim();
    await rows.endLeases();
    await claim();
    await record(stale, ['unavailable']);
    expect(await circuit()).toBeUndefined();
  });

  test('that is open makes deliveries wait, due and unharmed, and lets one through when its pause is over', async () => {
    await open();
    const ids = await rows.deliveries(destinationId, 5);
    expect(await claim()).toEqual([]);
    for (const id of ids)
      expect(await rows.delivery(id)).toMatchObject({ status: 'pending', attempt_count: 0 });
    await age('11 seconds');
    const together = (await Promise.all(Array.from({ length: 6 }, () => claim()))).flat();
    expect(together.map(({ id }) => id)).toEqual(ids.slice(0, 1));
    expect(await claim()).toEqual([]);
  });

  test('does not touch another destination', async () => {
    await open();
    const other = await rows.deliveries(await rows.destination(), 2);
    expect((await claim()).map(({ id }) => id)).toEqual(other);
  });

  test('pauses longer after every probe in vain, up to five minutes', async () => {
    await open();
    const pauses: unknown[] = [];
    for (let probe = 0; probe < 7; probe += 1) {
      await rows.run('update circuits set next_probe_at = now()');
      await attempts('unavailable');
      pauses.push((await circuit())?.['pause_seconds']);
    }
    expect(pauses).toEqual([20, 40, 80, 160, 300, 300, 300]);
  });

  test('does not take for a probe what was under way when it opened', async () => {
    await rows.deliveries(destinationId, 3);
    const underWay = await claim();
    await open();
    await record(underWay, times(3, 'unavailable' as const));
    expect(await circuit()).toMatchObject({ unavailable_attempts: 13, pause_seconds: 10, probe_count: 0 });
  });

  test.each([
    ['success', undefined],
    ['answer', { opened_at: null, next_probe_at: null, unavailable_attempts: 0, failed_attempts: 11 }],
  ] as const)('closes with a %s of the probe, and everything is let through', async (sign, expected) => {
    await open();
    await age('11 seconds');
    await rows.deliveries(destinationId, 4);
    const probe = await claim();
    expect(probe).toHaveLength(1);
    expect(await record(probe, [sign])).toMatchObject([{ circuit: 'closed' }]);
    if (expected === undefined) expect(await circuit()).toBeUndefined();
    else expect(await circuit()).toMatchObject(expected);
    expect(await claim()).toHaveLength(3);
  });

  test('gets a new probe when the worker that made it is lost', async () => {
    await open();
    await age('11 seconds');
    await rows.deliveries(destinationId, 2);
    expect(await claim()).toHaveLength(1);
    expect(await claim()).toEqual([]);
    await rows.endLeases();
    expect(await claim()).toHaveLength(1);
  });
});

describe('a destination that fails for days', () => {
  test('is warned of after three, once', async () => {
    await attempts(...times(4, 'unavailable' as const));
    await age('3 days');
    expect(await attempts('answer')).toMatchObject([{ isWarned: true, paused: null }]);
    expect(await attempts('answer')).toMatchObject([{ isWarned: false, paused: null }]);
  });

  test('is paused after five, and what waits is held', async () => {
    await attempts(...times(4, 'answer' as const));
    await age('5 days');
    await rows.deliveries(destinationId, 2);
    const [one, other] = await claim();
    if (one === undefined || other === undefined) throw new Error('two were due');
    const waiting = await rows.deliveries(destinationId, 3);
    expect(await record([one], ['answer'])).toMatchObject([{ paused: 'auto' }]);
    expect(await rows.run('select status, paused_reason from destinations')).toEqual([
      { status: 'paused', paused_reason: 'auto' },
    ]);
    for (const id of waiting) expect(await rows.delivery(id)).toMatchObject({ status: 'held' });
  });

  test('is not when an attempt in between has succeeded', async () => {
    await attempts(...times(4, 'answer' as const));
    await age('5 days');
    expect(await attempts('success', 'answer', 'answer')).toMatchObject(times(3, { paused: null }));
  });

  test('is not when there were hardly any attempts', async () => {
    await attempts(...times(3, 'unavailable' as const));
    await age('6 days');
    expect(await attempts('unavailable')).toMatchObject([{ paused: null, isWarned: false }]);
  });
});
