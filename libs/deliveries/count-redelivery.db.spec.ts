import type pg from 'pg';
import { openPool } from '#testing';
import { deleteExpired, deleteOrphans } from './expire-events.js';
import { Pruner } from './prune.js';
import { Redeliverer } from './redeliverer.js';
import { RedeliveryRows } from './redelivery-rows.fixture.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

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

/** A long order of which three deliveries have failed and the others succeeded. */
async function longOrder() {
  await made.events(1_200);
  const key = await made.order([await made.rows.destination()]);
  const worker = new Redeliverer(pool);
  await worker.round();
  await made.rows.run(
    `update deliveries set status = 'failed', due_at = null, next_attempt_at = null, finished_at = now()
     where id in (select id from deliveries order by id limit 3)`,
  );
  await made.rounds(worker, async () => (await made.redelivery(key)).pending === 0);
  return { key, worker };
}

const stages = () => made.rows.run('select stage from redeliveries');

describe('the counts of a long order', () => {
  test('are kept once it is over, and taken anew when one of it is sent again', async () => {
    const { key, worker } = await longOrder();
    const counts = { status: 'completed', total: 1_200, pending: 0, succeeded: 1_197, failed: 3 };
    expect(await made.redelivery(key)).toMatchObject(counts);
    await worker.round();
    expect(await stages()).toEqual([{ stage: 'settled' }]);
    expect(await made.redelivery(key)).toMatchObject(counts);
    await made.rows.run(`update redeliveries set stage = 'draining'`);
    await made.rows.run(
      `update deliveries set status = 'pending', due_at = now(), finished_at = null where status = 'failed'`,
    );
    await worker.round();
    expect(await made.redelivery(key)).toMatchObject({ status: 'pending', pending: 3, failed: 0 });
    await made.succeed();
    await worker.round();
    expect(await made.redelivery(key)).toMatchObject({ status: 'completed', succeeded: 1_200, failed: 0 });
    expect(await stages()).toEqual([{ stage: 'settled' }]);
  });

  test.each(['expire', 'went with their partition'])(
    'outlive what has succeeded when its events %s, and lose what has failed',
    async (how) => {
      const { key, worker } = await longOrder();
      await worker.round();
      const range = { fromMs: Date.now() - DAY_MS, toMs: Date.now() + DAY_MS };
      const nowMs = Date.now() + 31 * DAY_MS;
      if (how === 'expire')
        await deleteExpired(pool, range, { nowMs, droppedAtMs: Infinity, mostRows: 5_000 });
      else await deleteOrphans(pool, range, 5_000);
      expect(await made.rows.run('select from deliveries')).toHaveLength(0);
      expect(await made.redelivery(key)).toMatchObject({
        status: 'completed',
        total: 1_197,
        succeeded: 1_197,
        failed: 0,
      });
    },
  );
});

test('an order that goes on is not deleted for being old', async () => {
  await made.events(200);
  const key = await made.order([await made.rows.destination({ status: 'paused' })]);
  await new Redeliverer(pool).round();
  const old = '01000000-0000-7000-8000-000000000000';
  await made.rows.run(
    `with copy as (
       insert into redeliveries select (jsonb_populate_record(r, jsonb_build_object('id', $1::text))).* from redeliveries r
       returning 1
     ) select from copy`,
    old,
  );
  await new Pruner(pool).prune();
  expect(await made.redelivery({ ...key, id: old })).toMatchObject({ status: 'pending', pending: 200 });
  await made.rows.run(`update redeliveries set stage = null where id = $1`, old);
  await new Pruner(pool).prune();
  await expect(made.redelivery({ ...key, id: old })).rejects.toThrow('no such redelivery');
});
