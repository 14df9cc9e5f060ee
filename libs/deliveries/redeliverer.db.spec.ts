import type pg from 'pg';
import { newId } from '#database';
import { eventually, openPool } from '#testing';
import { cancelSome, stopOrder } from './cancel-redelivery.js';
import { Redeliverer } from './redeliverer.js';
import { RedeliveryRows } from './redelivery-rows.fixture.js';

let made: RedeliveryRows;
let pool: pg.Pool;
beforeEach(async () => {
  made = await RedeliveryRows.start();
  pool = openPool(made.rows.database.url, 8);
});
afterEach(async () => {
  await pool.end();
  await made.stop();
});

const isCompleted = (key: Parameters<RedeliveryRows['redelivery']>[0]) => async () =>
  (await made.redelivery(key)).status === 'completed';

describe('an order', () => {
  test('of more events than a step looks at delivers each once to each destination, oldest first', async () => {
    const ids = await made.events(21_000);
    const destinations = [await made.rows.destination(), await made.rows.destination()];
    const key = await made.order(destinations);
    const redeliverer = new Redeliverer(pool);
    await redeliverer.round();
    expect(await made.redelivery(key)).toMatchObject({ status: 'expanding', total: 40_000 });
    await made.rounds(redeliverer, isCompleted(key));
    expect(await made.redelivery(key)).toMatchObject({ total: 42_000, pending: 0, succeeded: 42_000 });
    for (const id of destinations) {
      const rows = await made.rows.run(
        'select event_id from deliveries where redelivery_id = $1 and destination_id = $2 order by id',
        key.id,
        id,
      );
      expect(rows.map(({ event_id }) => event_id)).toEqual(ids);
    }
    expect(await made.rows.run('select from redelivery_batches')).toEqual([]);
  }, 120_000);

  test('goes to destinations by their sources and types as they were when it was given', async () => {
    const other = await made.rows.source(30);
    const [completed, failed] = [
      await made.events(3),
      await made.events(2, { sourceId: other, type: 'run.failed' }),
    ];
    const [all, some, none] = [
      await made.rows.destination(),
      await made.rows.destination(),
      await made.rows.destination(),
    ];
    const select = `update destinations set source_ids = $2, types = $3 where id = $1`;
    await made.rows.run(select, some, [other], ['nothing', 'run.f*']);
    await made.rows.run(select, none, null, ['run_completed']);
    const key = await made.order([all, some, none]);
    await made.rows.run(select, some, null, null);
    await new Redeliverer(pool).round();
    expect(await made.eventsOf(key, all)).toEqual([...completed, ...failed].sort());
    expect(await made.eventsOf(key, some)).toEqual(failed);
    expect(await made.redelivery(key)).toMatchObject({ total: 7, pending: 7 });
  });

  test('is carried on by any number of workers, and none makes a delivery twice', async () => {
    const ids = await made.events(6_000);
    const key = await made.order([await made.rows.destination()]);
    const workers = Array.from({ length: 4 }, () => new Redeliverer(pool));
    for (let rounds = 0; !(await isCompleted(key)()); rounds += 1) {
      expect(rounds).toBeLessThan(500);
      await Promise.all(workers.map((worker) => worker.round()));
      await made.succeed();
    }
    const sent = await made.eventsOf(key);
    expect(sent.sort()).toEqual(ids);
  }, 60_000);

  test('whose step fails stays where it was, and goes on', async () => {
    const ids = await made.events(100);
    const key = await made.order([await made.rows.destination()]);
    const worker = new Redeliverer(pool);
    await worker.round();
    const before = await made.redelivery(key);
    await made.succeed();
    // The very last statement of a step finds nothing to write to.
    await made.rows.run('alter table redeliveries rename column dropped to hidden');
    await expect(worker.round()).rejects.toThrow('dropped');
    await made.rows.run('alter table redeliveries rename column hidden to dropped');
    expect((await made.eventsOf(key)).length).toBe(before.deliveries.length);
    await made.rounds(worker, isCompleted(key));
    expect((await made.eventsOf(key)).sort()).toEqual(ids);
  });

  test('makes few deliveries ahead, and none while others fill the queue of its destination', async () => {
    await made.events(3_000);
    const destination = await made.rows.destination();
    await made.rows.deliveries(destination, 60);
    const key = await made.order([destination]);
    const worker = new Redeliverer(pool);
    for (let rounds = 0; rounds < 5; rounds += 1) await worker.round();
    expect(await made.redelivery(key)).toMatchObject({ total: 3_000, pending: 3_000, deliveries: [] });
    await made.succeed();
    for (let rounds = 0; rounds < 5; rounds += 1) await worker.round();
    expect((await made.redelivery(key)).deliveries).toHaveLength(50);
    expect(await made.redelivery(key)).toMatchObject({ total: 3_000, pending: 3_000 });
  });

  test('rests while most of it has failed and waits for another attempt', async () => {
    await made.events(21_000);
    const destination = await made.rows.destination();
    const key = await made.order([destination]);
    const worker = new Redeliverer(pool);
    const pass = () =>
      made.rows.run(
        `update deliveries set due_at = now() + '1 hour' where status = 'pending' and due_at <= now()`,
      );
    let [before, count] = [-1, 0];
    for (; count > before || count === 0;) {
      before = count;
      for (let looks = 0; looks < 3; looks += 1) await worker.round();
      await pass();
      count = (await made.eventsOf(key)).length;
    }
    expect(count).toBeGreaterThan(10_000);
    expect(count).toBeLessThan(13_000);
    expect(await made.redelivery(key)).toMatchObject({ total: 21_000, pending: 21_000 });
  }, 60_000);
});

describe('several orders', () => {
  test('take turns, so that one of another tenant does not wait behind a long one', async () => {
    await made.events(8_000);
    const key = await made.order([await made.rows.destination()]);
    const other = await made.rows.tenant();
    await made.events(40, other);
    const small = await made.order([other.destinationId], {}, { tenantId: other.tenantId });
    const worker = new Redeliverer(pool);
    for (let rounds = 0; rounds < 2; rounds += 1) await worker.round();
    expect((await made.redelivery(small)).deliveries).toHaveLength(40);
    expect(await made.redelivery(key)).toMatchObject({ total: 8_000, pending: 8_000 });
  });

  test('of one destination share it', async () => {
    await made.events(2_000);
    const destination = await made.rows.destination();
    const keys = [await made.order([destination]), await made.order([destination])];
    const worker = new Redeliverer(pool);
    for (let rounds = 0; rounds < 8; rounds += 1) {
      await worker.round();
      await made.succeed();
    }
    const [first = 0, second = 0] = (await Promise.all(keys.map((key) => made.redelivery(key)))).map(
      ({ succeeded }) => succeeded,
    );
    expect(Math.min(first, second)).toBeGreaterThan(0.2 * Math.max(first, second));
  });
});

describe('per_second', () => {
  const dueTimes = async () =>
    (await made.rows.run('select coalesce(due_at, finished_at) as at from deliveries order by id')).map(
      ({ at }) => (at as Date).getTime(),
    );
  /** The destination takes what is due; when it was is remembered. */
  const take = () =>
    made.rows.run(
      `update deliveries set status = 'succeeded', finished_at = due_at, due_at = null, next_attempt_at = null
       where status = 'pending' and due_at <= now()`,
    );

  test('sets deliveries apart evenly, over all steps, and none is made more than a second ahead', async () => {
    await made.events(400);
    await made.order([await made.rows.destination()], {}, { perSecond: 100 });
    const worker = new Redeliverer(pool);
    await worker.round();
    expect((await dueTimes()).length).toBeLessThanOrEqual(101);
    await eventually(async () => {
      await take();
      await worker.round();
      expect((await dueTimes()).length).toBeGreaterThanOrEqual(250);
    });
    const times = await dueTimes();
    for (const [index, time] of times.entries())
      expect(Math.abs(time - (times[0] ?? 0) - index * 10)).toBeLessThanOrEqual(1);
    expect((times.at(-1) ?? 0) - Date.now()).toBeLessThanOrEqual(1_010);
  });

  test('is kept after a time without workers: nothing is caught up with', async () => {
    await made.events(1_000);
    await made.order([await made.rows.destination()], {}, { perSecond: 20 });
    await new Redeliverer(pool).round();
    const before = (await dueTimes()).length;
    expect(before).toBeLessThanOrEqual(21);
    await made.rows.run(`update redeliveries set next_slot_at = now() - interval '1 minute'`);
    await new Redeliverer(pool).round();
    expect((await dueTimes()).length - before).toBeLessThanOrEqual(21);
  });
});

describe('while an order goes on', () => {
  test('a paused destination waits, and gets its part later; the other one goes on', async () => {
    const ids = await made.events(120);
    const [paused, active] = [
      await made.rows.destination({ status: 'paused' }),
      await made.rows.destination(),
    ];
    const key = await made.order([paused, active]);
    const worker = new Redeliverer(pool);
    const counts = async () => (await made.redelivery(key)).succeeded;
    await made.rounds(worker, async () => (await counts()) === 120);
    expect(await made.eventsOf(key, paused)).toEqual([]);
    expect(await made.redelivery(key)).toMatchObject({ status: 'pending', total: 240, pending: 120 });
    await made.rows.run(`update destinations set status = 'active' where id = $1`, paused);
    await made.rounds(worker, isCompleted(key));
    expect((await made.eventsOf(key, paused)).sort()).toEqual(ids);
  });

  test('events of a paused source wait, and those of other sources do not wait for them', async () => {
    const other = await made.rows.source(30);
    const [first, second] = [await made.events(70), await made.events(70, { sourceId: other })];
    const key = await made.order([await made.rows.destination()]);
    await made.rows.run(`update sources set status = 'paused' where id = $1`, made.rows.sourceId);
    const worker = new Redeliverer(pool);
    await made.rounds(worker, async () => (await made.redelivery(key)).succeeded === 70);
    expect((await made.eventsOf(key)).sort()).toEqual(second);
    await made.rows.run(`update sources set status = 'active' where id = $1`, made.rows.sourceId);
    await made.rounds(worker, isCompleted(key));
    expect((await made.eventsOf(key)).sort()).toEqual([...first, ...second].sort());
  });

  test('what goes to a deleted destination is given up, and events of a deleted source are delivered', async () => {
    await made.events(100);
    const [deleted, kept] = [await made.rows.destination(), await made.rows.destination()];
    const key = await made.order([deleted, kept]);
    const worker = new Redeliverer(pool);
    await worker.round();
    await made.rows.run(`update destinations set deleted_at = now() where id = $1`, deleted);
    await made.rows.run(`update sources set deleted_at = now(), status = 'paused'`);
    await made.rounds(worker, isCompleted(key));
    const { total, succeeded, cancelled } = await made.redelivery(key);
    expect({ total, sum: succeeded + cancelled }).toEqual({ total: 200, sum: 200 });
    expect(await made.eventsOf(key, kept)).toHaveLength(100);
    expect(cancelled).toBe(50);
  });

  test('erased events are passed over, and the total says so', async () => {
    const ids = await made.events(200);
    const key = await made.order([await made.rows.destination()]);
    const worker = new Redeliverer(pool);
    await worker.round();
    expect(await made.redelivery(key)).toMatchObject({ total: 200 });
    await made.rows.run('delete from events where id = any($1::uuid[])', ids.slice(150));
    await made.rounds(worker, isCompleted(key));
    expect(await made.redelivery(key)).toMatchObject({ total: 150, pending: 0, succeeded: 150 });
    expect((await made.eventsOf(key)).sort()).toEqual(ids.slice(0, 150));
  });

  test('a second order for what was never sent does not send again what the first one has sent', async () => {
    const ids = await made.events(300);
    const destination = await made.rows.destination();
    const filter = { deliveryStatus: 'never' } as const;
    const keys = [await made.order([destination], filter), await made.order([destination], filter)];
    const worker = new Redeliverer(pool);
    await worker.round();
    await worker.round();
    for (const key of keys) await made.rounds(worker, isCompleted(key));
    const sent = (await Promise.all(keys.map((key) => made.eventsOf(key)))).flat();
    expect(sent.sort()).toEqual(ids);
    const totals = (await Promise.all(keys.map((key) => made.redelivery(key)))).map(({ total }) => total);
    expect((totals[0] ?? 0) + (totals[1] ?? 0)).toBe(300);
  });

  test('a tenant is deleted: nothing is left of its orders', async () => {
    const other = await made.rows.tenant();
    await made.events(200, other);
    await made.order([other.destinationId], {}, { tenantId: other.tenantId });
    const worker = new Redeliverer(pool);
    await worker.round();
    await made.rows.run('delete from tenants where id = $1', other.tenantId);
    expect(await worker.round()).toEqual({ fed: 0, left: 'none' });
    expect(await made.rows.run('select from redelivery_batches')).toEqual([]);
  });
});

describe('cancelling', () => {
  test('ends an order at once, however much of it is left', async () => {
    await made.events(9_000);
    const key = await made.order([await made.rows.destination()]);
    const worker = new Redeliverer(pool);
    await worker.round();
    expect(await stopOrder(made.ask, key)).toBe(true);
    expect(await stopOrder(made.ask, key)).toBe(false);
    expect(await made.redelivery(key)).toMatchObject({ status: 'cancelled', total: 9_000, pending: 50 });
    expect(await cancelSome(made.ask, key)).toBe(true);
    expect(await made.redelivery(key)).toMatchObject({ pending: 0, cancelled: 9_000 });
    await worker.round();
    await worker.round();
    expect(await made.eventsOf(key)).toHaveLength(50);
    expect(await worker.round()).toMatchObject({ fed: 0, left: 'none' });
  });

  test('leaves to a worker what many wait for, and what was being sent and is given back', async () => {
    await made.events(6_000);
    const key = await made.order([await made.rows.destination()]);
    const worker = new Redeliverer(pool);
    const isFed = async () => {
      await made.rows.run(`update deliveries set due_at = now() + '1 hour' where due_at <= now()`);
      return (await made.eventsOf(key)).length === 6_000;
    };
    await made.rounds(worker, isFed);
    await made.rows.run(
      `update deliveries set lease_id = $1, due_at = now() + '20 s' where id in (select id from deliveries limit 1)`,
      newId(),
    );
    await stopOrder(made.ask, key);
    expect(await cancelSome(made.ask, key)).toBe(false);
    expect(await made.redelivery(key)).toMatchObject({ pending: 1_000, cancelled: 5_000 });
    expect(await worker.round()).toMatchObject({ left: 'wait' });
    expect(await made.redelivery(key)).toMatchObject({ pending: 1, cancelled: 5_999 });
    await made.rows.run('update deliveries set lease_id = null where lease_id is not null');
    for (let rounds = 0; rounds < 2; rounds += 1) await worker.round();
    expect(await made.redelivery(key)).toMatchObject({ status: 'cancelled', pending: 0, cancelled: 6_000 });
  }, 60_000);
});
