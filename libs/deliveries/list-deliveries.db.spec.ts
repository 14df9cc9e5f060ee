import { DataSource } from 'typeorm';
import { createDataSourceOptions, newId, type Page, readCursor } from '#database';
import { rowsReadBy } from '#testing';
import type { DeliveryFilter, DeliveryRow } from './delivery-row.js';
import { listDeliveries } from './list-deliveries.js';
import { Rows } from './rows.fixture.js';

let rows: Rows;
let dataSource: DataSource;
beforeAll(async () => {
  rows = await Rows.start();
  dataSource = await new DataSource(createDataSourceOptions(rows.database.url)).initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await rows.stop();
});

function list(filter: DeliveryFilter, limit = 50, before: string | null = null): Promise<Page<DeliveryRow>> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`select set_config('callbox.tenant_id', $1, true)`, [rows.tenantId]);
    return listDeliveries({ manager, tenantId: rows.tenantId, filter, page: { limit, before } });
  });
}

async function all(filter: DeliveryFilter, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let before: string | null | undefined = null; before !== undefined;) {
    const page: Page<DeliveryRow> = await list(filter, limit, before);
    ids.push(...page.data.map(({ id }) => id));
    before = page.next_cursor === null ? undefined : readCursor(page.next_cursor);
  }
  return ids;
}

async function finish(ids: readonly string[], status: string): Promise<void> {
  await rows.run(
    `update deliveries set status = $3, due_at = null, next_attempt_at = null, finished_at = now()
     where tenant_id = $1 and id = any($2)`,
    rows.tenantId,
    ids,
    status,
  );
}

test('deliveries are found by what has become of them, alone and of one destination, newest first', async () => {
  const [one, other] = [await rows.destination(), await rows.destination()];
  const first = await rows.deliveries(one, 6);
  const second = await rows.deliveries(other, 6);
  const held = await rows.deliveries(other, 2, 'held');
  await finish([...first.slice(0, 2), ...second.slice(0, 1)], 'succeeded');
  await finish([...first.slice(2, 4), ...second.slice(1, 2)], 'failed');
  await finish(first.slice(4, 5), 'cancelled');
  const newestFirst = (...ids: (readonly string[])[]) => ids.flat().sort().reverse();
  for (const [filter, expected] of [
    [{ status: 'succeeded' }, newestFirst(first.slice(0, 2), second.slice(0, 1))],
    [{ status: 'failed' }, newestFirst(first.slice(2, 4), second.slice(1, 2))],
    [{ status: 'failed', destinationId: other }, newestFirst(second.slice(1, 2))],
    [{ status: 'succeeded', destinationId: one }, newestFirst(first.slice(0, 2))],
    [{ status: 'cancelled' }, newestFirst(first.slice(4, 5))],
    [{ status: 'pending' }, newestFirst(first.slice(5), second.slice(2))],
    [{ status: 'pending', destinationId: one }, newestFirst(first.slice(5))],
    [{ status: 'held' }, newestFirst(held)],
    [{ destinationId: one }, newestFirst(first)],
    [{ status: 'failed', destinationId: newId() }, []],
    [{ eventId: first[3], status: 'failed' }, first.slice(3, 4)],
    [{ eventId: first[3], status: 'pending' }, []],
  ] as const) {
    expect([filter, (await list(filter)).data.map(({ id }) => id)]).toEqual([filter, expected]);
    expect([filter, await all(filter, 2)]).toEqual([filter, expected]);
  }
});

test('pending ones are listed in order when there are too many to sort each time', async () => {
  const many = await rows.deliveries(await rows.destination(), 2_500);
  const page = await list({ status: 'pending' }, 100);
  expect(page.data.map(({ id }) => id)).toEqual([...many].sort().reverse().slice(0, 100));
  expect(page.next_cursor).not.toBeNull();
});

test('the few deliveries of a destination are found without reading the many of another', async () => {
  await finish(await rows.deliveries(await rows.destination(), 5_000), 'failed');
  await rows.run('analyze deliveries');
  const [few, pending] = [await rows.destination(), await rows.destination()];
  const failed = await rows.deliveries(few, 2);
  await finish(failed, 'failed');
  const waiting = await rows.deliveries(pending, 2);
  await dataSource.transaction(async (manager) => {
    for (const [filter, expected] of [
      [{ destinationId: few }, failed],
      [{ destinationId: few, status: 'failed' }, failed],
      [{ destinationId: few, status: 'succeeded' }, []],
      [{ destinationId: pending, status: 'pending' }, waiting],
      [{ destinationId: pending, status: 'failed' }, []],
    ] as const) {
      const request = { manager, tenantId: rows.tenantId, filter, page: { limit: 50, before: null } };
      await manager.query(`select set_config('callbox.tenant_id', $1, true)`, [rows.tenantId]);
      const run = (sql: string, parameters: unknown[]) => manager.query<{ rows: number }[]>(sql, parameters);
      const read = await rowsReadBy(run, 'deliveries', async () => {
        const ids = (await listDeliveries(request)).data.map(({ id }) => id);
        expect([filter, ids]).toEqual([filter, [...expected].sort().reverse()]);
      });
      expect([filter, read < 100 ? 'few' : read]).toEqual([filter, 'few']);
    }
  });
});
