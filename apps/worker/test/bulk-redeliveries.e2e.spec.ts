import { Redeliveries } from '#deliveries';
import { eventually, send, type TestTenant } from '#testing';
import {
  allFannedOut,
  callRunflow,
  deliveryThat,
  destination,
  Delivering,
  runflowBody,
  type ShownRedelivery,
} from './delivering.fixture.js';
import { storeEvents, uuidOf } from './stored-events.fixture.js';

const delivering = Delivering.forThisFile();

const runflowTenant = () => delivering.runflowTenant();

const order = (tenant: TestTenant, body: object) =>
  tenant.ok<ShownRedelivery>('POST', '/v1/redeliveries', body);

async function redeliveryThat(tenant: TestTenant, id: string, expected: Partial<ShownRedelivery>) {
  return eventually(async () => {
    const shown = await tenant.ok<ShownRedelivery>('GET', `/v1/redeliveries/${id}`);
    expect(shown).toMatchObject(expected);
    return shown;
  }, 20_000);
}

const idsOf = (requests: readonly { readonly headers: object }[]) =>
  requests.map(({ headers }) => (headers as Record<string, string>)['callbox-event-id']);

describe('nothing is lost silently', () => {
  test('events that came before any destination are delivered to one made later, exactly those', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const early = [await callRunflow(source), await callRunflow(source), await callRunflow(source)];
    await allFannedOut(delivering.app);
    const made = await destination(tenant, receiver.url);
    const live = await callRunflow(source);
    await deliveryThat(tenant, live, { status: 'succeeded' });
    const never = { filter: { delivery_status: 'never' } };
    const { id, total } = await order(tenant, { ...never, destination: made.id });
    expect(total).toBe(3);
    await redeliveryThat(tenant, id, { status: 'completed', succeeded: 3 });
    expect(idsOf(receiver.requests)).toEqual([live, ...early]);
    expect(await order(tenant, never)).toMatchObject({ status: 'completed', total: 0, deliveries: [] });
  });

  test('an event that is still being fanned out is none that was never sent', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const eventId = await callRunflow(source);
    await allFannedOut(delivering.app);
    const made = await destination(tenant, receiver.url, { types: ['run.*'] });
    const pool = delivering.app.database.pool;
    const { rows } = await pool.query<{ id: string; source_id: string }>(
      'select id, source_id from events where id = $1',
      [uuidOf(eventId)],
    );
    const count = async (body: object) =>
      (await tenant.ok<{ total: number }>('POST', '/v1/redeliveries', { ...body, dry_run: true })).total;
    const client = await pool.connect();
    try {
      // Visible to this transaction alone: no worker takes it.
      await client.query('begin');
      await client.query(
        `insert into fan_outs (tenant_id, id, event_ids, source_ids, types) values ($1, $2, $3, $4, $5)`,
        [uuidOf(tenant.id), rows[0]?.id, [rows[0]?.id], [rows[0]?.source_id], ['run.completed']],
      );
      expect(await count({ filter: { delivery_status: 'never' } })).toBe(1);
      await client.query('commit');
    } finally {
      client.release();
    }
    // Now it is owed: until it is fanned out the order leaves it alone, and afterwards it has its delivery.
    expect(await count({ filter: { delivery_status: 'never' }, destination: made.id })).toBe(0);
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
  });

  test('events that came while the only destination was paused are held and sent on', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const made = await destination(tenant, receiver.url);
    const path = `/v1/destinations/${made.id}`;
    await tenant.ok('PATCH', path, { status: 'paused' });
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'held' });
    // It is on its way, so there is nothing to order again.
    expect(await order(tenant, { filter: { delivery_status: 'never' } })).toMatchObject({ total: 0 });
    await tenant.ok('PATCH', path, { status: 'active' });
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    expect(receiver.requests).toHaveLength(1);
  });

  test('an order for a paused destination waits, and is carried out when it is active again', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const ids = [await callRunflow(source), await callRunflow(source)];
    await allFannedOut(delivering.app);
    const made = await destination(tenant, receiver.url);
    const path = `/v1/destinations/${made.id}`;
    await tenant.ok('PATCH', path, { status: 'paused' });
    const { id } = await order(tenant, { filter: {} });
    await redeliveryThat(tenant, id, { status: 'pending', total: 2, pending: 2 });
    await tenant.ok('PATCH', path, { status: 'active' });
    await redeliveryThat(tenant, id, { status: 'completed', succeeded: 2 });
    expect(idsOf(receiver.requests)).toEqual(ids);
  });

  test('what was cancelled counts as never sent', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const ids = [await callRunflow(source), await callRunflow(source)];
    await allFannedOut(delivering.app);
    const made = await destination(tenant, receiver.url);
    const path = `/v1/destinations/${made.id}`;
    await tenant.ok('PATCH', path, { status: 'paused' });
    for (const eventId of ids) {
      const first = await tenant.ok<ShownRedelivery>('POST', `/v1/events/${eventId}/redeliveries`);
      await tenant.ok('POST', `/v1/redeliveries/${first.id}/cancel`);
      await redeliveryThat(tenant, first.id, { status: 'cancelled', cancelled: 1, pending: 0 });
    }
    await tenant.ok('PATCH', path, { status: 'active' });
    const { id } = await order(tenant, { filter: { delivery_status: 'never' } });
    await redeliveryThat(tenant, id, { status: 'completed', succeeded: 2 });
    expect(idsOf(receiver.requests)).toEqual(ids);
  });

  test('an event that is erased while an order waits is taken out of its total', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const [erased = '', kept] = [await callRunflow(source), await callRunflow(source)];
    await allFannedOut(delivering.app);
    const made = await destination(tenant, receiver.url);
    await tenant.ok('PATCH', `/v1/destinations/${made.id}`, { status: 'paused' });
    const { id } = await order(tenant, { filter: {} });
    // One whose delivery is there already, held, counts no more either.
    const single = await tenant.ok<ShownRedelivery>('POST', `/v1/events/${erased}/redeliveries`);
    await tenant.ok('DELETE', `/v1/events/${erased}`);
    await redeliveryThat(tenant, single.id, { status: 'completed', total: 0, pending: 0, succeeded: 0 });
    await tenant.ok('PATCH', `/v1/destinations/${made.id}`, { status: 'active' });
    await redeliveryThat(tenant, id, { status: 'completed', total: 1, succeeded: 1 });
    expect(idsOf(receiver.requests)).toEqual([kept]);
  });
});

describe('a long order', () => {
  test('does not keep a live event waiting', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await storeEvents(delivering.app.database.pool, {
      tenantId: tenant.id,
      sourceId: source.id,
      count: 3_000,
    });
    await destination(tenant, receiver.url, { rate_limit: { per_second: 200 } });
    const { id } = await order(tenant, { filter: {} });
    await eventually(() => expect(receiver.requests.length).toBeGreaterThan(200));
    const live = await callRunflow(source);
    const before = receiver.requests.length;
    await eventually(() => expect(idsOf(receiver.requests)).toContain(live), 20_000);
    expect(idsOf(receiver.requests).indexOf(live) - before).toBeLessThan(600);
    const cancelled = await tenant.ok<ShownRedelivery>('POST', `/v1/redeliveries/${id}/cancel`);
    expect(cancelled).toMatchObject({ status: 'cancelled', total: 3_000 });
    expect(cancelled.cancelled).toBeGreaterThan(1_000);
    await redeliveryThat(tenant, id, { pending: 0 });
    const { length } = receiver.requests;
    expect((await redeliveryThat(tenant, id, {})).succeeded).toBe(length - 1);
  }, 60_000);

  test('is taken at once, and a worker collects what there was no time for', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await storeEvents(delivering.app.database.pool, { tenantId: tenant.id, sourceId: source.id, count: 300 });
    const made = await destination(tenant, receiver.url);
    const redeliveries = delivering.app.app.get(Redeliveries);
    const bulk = { filter: {}, destinationId: uuidOf(made.id), perSecond: undefined };
    expect(await redeliveries.count(uuidOf(tenant.id), bulk, 0)).toEqual({ total: 0, isComplete: false });
    expect(await redeliveries.count(uuidOf(tenant.id), bulk)).toEqual({ total: 300, isComplete: true });
    const taken = await redeliveries.ofFilter(uuidOf(tenant.id), bulk, 0);
    expect(taken).toMatchObject({ status: 'expanding', total: 0 });
    // Later than the order, and none of it.
    await callRunflow(source);
    const { data } = await tenant.ok<{ data: ShownRedelivery[] }>('GET', '/v1/redeliveries');
    await redeliveryThat(tenant, data[0]?.id ?? '', { status: 'completed', total: 300, succeeded: 300 });
    await eventually(() => expect(receiver.requests).toHaveLength(301));
    expect(new Set(idsOf(receiver.requests)).size).toBe(301);
  });

  test('under an Idempotency-Key is one order, however often it is sent', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await storeEvents(delivering.app.database.pool, { tenantId: tenant.id, sourceId: source.id, count: 150 });
    await destination(tenant, receiver.url);
    const post = () =>
      send<ShownRedelivery>(`${delivering.app.url}/v1/redeliveries`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tenant.adminKey}`,
          'content-type': 'application/json',
          'idempotency-key': 'again',
        },
        body: JSON.stringify({ filter: {} }),
      });
    const [first, second] = [await post(), await post()];
    expect(first).toMatchObject({ status: 202, body: { total: 150 } });
    expect(second.body.id).toBe(first.body.id);
    await redeliveryThat(tenant, first.body.id, { status: 'completed', succeeded: 150 });
    expect(receiver.requests).toHaveLength(150);
    const viewer = await tenant.key('viewer');
    expect((await tenant.call('POST', '/v1/redeliveries', { filter: {} }, viewer)).status).toBe(403);
    const { data } = await tenant.ok<{ data: object[] }>('GET', '/v1/audit-log');
    const orders = data.filter((row) => (row as { action: string }).action === 'redelivery.created');
    expect(orders).toMatchObject([{ details: { total: 150 } }]);
  });

  test('of a run of many callbacks is delivered like any other, and shows its first deliveries', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const runId = 'run_long';
    await storeEvents(delivering.app.database.pool, {
      tenantId: tenant.id,
      sourceId: source.id,
      count: 520,
      runId,
    });
    await callRunflow(source, runflowBody('run_other'));
    await allFannedOut(delivering.app);
    const path = `/v1/runs/${runId}/callback-redeliveries`;
    const none = await destination(tenant, receiver.url, { types: ['nothing'] });
    expect(await tenant.call('POST', path)).toMatchObject({ status: 422, body: { code: 'no_destination' } });
    await tenant.ok('DELETE', `/v1/destinations/${none.id}`);
    await destination(tenant, receiver.url);
    const answer = await tenant.call<ShownRedelivery>('POST', path);
    expect(answer).toMatchObject({ status: 202, body: { status: 'pending', total: 520, pending: 520 } });
    expect(answer.body.deliveries.length).toBeGreaterThan(0);
    await redeliveryThat(tenant, answer.body.id, { status: 'completed', succeeded: 520 });
    expect(new Set(idsOf(receiver.requests)).size).toBe(520);
    expect(receiver.requests).toHaveLength(520);
  });
});
