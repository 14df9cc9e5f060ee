import type pg from 'pg';
import { newId } from '#database';
import { openPool } from '#testing';
import { fanOut } from './fan-out.js';
import { Rows } from './rows.fixture.js';

let rows: Rows;
let pool: pg.Pool;
beforeEach(async () => {
  rows = await Rows.start();
  pool = openPool(rows.database.url, 4);
});
afterEach(async () => {
  await pool.end();
  await rows.stop();
});

/** Obligations of a tenant, of events that are not there: how they are taken does not depend on them. */
async function oblige(tenantId: string, count: number): Promise<void> {
  await rows.run(
    `insert into fan_outs (tenant_id, id, event_ids, source_ids, types)
     select $1, id, array[id], array[$1::uuid], array[null::text] from unnest($2::uuid[]) as e (id)`,
    tenantId,
    Array.from({ length: count }, () => newId()),
  );
}

const left = async () =>
  Object.fromEntries(
    (await rows.run('select tenant_id, count(*)::integer as count from fan_outs group by 1')).map((row) => [
      row['tenant_id'] as string,
      row['count'],
    ]),
  );

test('a flood of one tenant does not keep the events of others waiting', async () => {
  const [flooding, first, second] = [newId(), newId(), newId()];
  await oblige(flooding, 5_000);
  await oblige(first, 3);
  await oblige(second, 100);
  await fanOut(pool);
  expect(await left()).toEqual({ [flooding]: 5_000 - 167 });
});

test('one tenant alone gets all of it, and nothing is taken twice', async () => {
  const tenantId = newId();
  await oblige(tenantId, 1_200);
  await Promise.all([fanOut(pool), fanOut(pool)]);
  expect(await left()).toEqual({ [tenantId]: 200 });
});
