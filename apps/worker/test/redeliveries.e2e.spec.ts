import { eventually, type TestTenant } from '#testing';
import {
  allFannedOut,
  callRunflow,
  deliveriesOf,
  delivery,
  deliveryThat,
  destination,
  Delivering,
  runflowBody,
  type ShownRedelivery,
} from './delivering.fixture.js';

const delivering = Delivering.forThisFile();

const UNKNOWN_ID = '01KAREAJKYE008000000000001';

const runflowTenant = () => delivering.runflowTenant();

async function redelivery(tenant: TestTenant, id: string): Promise<ShownRedelivery> {
  return tenant.ok<ShownRedelivery>('GET', `/v1/redeliveries/${id}`);
}

async function redeliveryThat(tenant: TestTenant, id: string, expected: Partial<ShownRedelivery>) {
  await eventually(async () => expect(await redelivery(tenant, id)).toMatchObject(expected));
}

describe('POST /v1/events/{id}/redeliveries', () => {
  test('delivers to every destination that matches now, also one made after the event', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const old = await destination(tenant, `${receiver.url}/old`);
    await destination(tenant, `${receiver.url}/other`, { types: ['batch.*'] });
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    const made = await destination(tenant, `${receiver.url}/new`);

    const answer = await tenant.call<ShownRedelivery>('POST', `/v1/events/${eventId}/redeliveries`);
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'pending', total: 2, pending: 2, succeeded: 0, failed: 0 },
    });
    expect(answer.body.deliveries).toHaveLength(2);
    for (const one of answer.body.deliveries) {
      expect(Object.keys(one).sort()).toEqual(['destination_id', 'event_id', 'id', 'status']);
      expect(one).toMatchObject({ event_id: eventId, status: 'pending' });
    }
    expect(new Set(answer.body.deliveries.map((one) => one.destination_id))).toEqual(
      new Set([old.id, made.id]),
    );
    await redeliveryThat(tenant, answer.body.id, { status: 'completed', pending: 0, succeeded: 2 });
    expect(receiver.requests.map(({ path }) => path).sort()).toEqual(['/new', '/old', '/old']);
    expect(await deliveriesOf(tenant, eventId)).toHaveLength(3);
  });

  test('to a destination that is named goes there alone, whatever it has subscribed to', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await destination(tenant, `${receiver.url}/all`);
    const named = await destination(tenant, `${receiver.url}/named`, { types: ['nothing.ever'] });
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    const answer = await tenant.call('POST', `/v1/events/${eventId}/redeliveries`, { destination: named.id });
    expect(answer).toMatchObject({
      status: 202,
      body: { total: 1, deliveries: [{ destination_id: named.id }] },
    });
    await eventually(() => expect(receiver.requests.map(({ path }) => path)).toEqual(['/all', '/named']));
  });

  test('without a destination that matches is 422 no_destination', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const eventId = await callRunflow(source);
    await allFannedOut(delivering.app);
    const path = `/v1/events/${eventId}/redeliveries`;
    expect(await tenant.call('POST', path)).toMatchObject({ status: 422, body: { code: 'no_destination' } });
    const { id } = await destination(tenant, receiver.url, { types: ['batch.*'] });
    expect(await tenant.call('POST', path)).toMatchObject({ status: 422, body: { code: 'no_destination' } });
    await tenant.ok('DELETE', `/v1/destinations/${id}`);
    expect(await tenant.call('POST', path, { destination: id })).toMatchObject({ status: 422 });
    expect((await tenant.ok<{ data: object[] }>('GET', '/v1/redeliveries')).data).toEqual([]);
  });

  test('refuses what is malformed, unknown, or another tenant’s', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const { id } = await destination(tenant, receiver.url);
    const eventId = await callRunflow(source);
    await allFannedOut(delivering.app);
    const path = `/v1/events/${eventId}/redeliveries`;
    expect(await tenant.call('POST', path, { destinations: [id] })).toMatchObject({ status: 400 });
    expect(await tenant.call('POST', path, { destination: 'app' })).toMatchObject({ status: 400 });
    expect(await tenant.call('POST', `/v1/events/${UNKNOWN_ID}/redeliveries`)).toMatchObject({ status: 404 });
    const other = await delivering.app.tenant();
    const theirs = await destination(other, receiver.url);
    expect(await other.call('POST', path)).toMatchObject({ status: 404 });
    expect(await tenant.call('POST', path, { destination: theirs.id })).toMatchObject({ status: 422 });
    expect(await tenant.call('POST', path, {}, await tenant.key('viewer'))).toMatchObject({ status: 403 });
  });

  test('tells failure apart from success', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await destination(tenant, receiver.url, { retry: { schedule_seconds: [] } });
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    receiver.answer({ status: 500 });
    const { id } = await tenant.ok<ShownRedelivery>('POST', `/v1/events/${eventId}/redeliveries`);
    await redeliveryThat(tenant, id, { status: 'completed', total: 1, pending: 0, succeeded: 0, failed: 1 });
  });
});

describe('POST /v1/runs/{run_id}/callback-redeliveries', () => {
  test('delivers all callbacks of the run, and of no other run', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const ids = [
      await callRunflow(source, runflowBody('run/1', 'run.started')),
      await callRunflow(source, runflowBody('run/1', 'run.completed')),
    ];
    await callRunflow(source, runflowBody('run_2'));
    await allFannedOut(delivering.app);
    await destination(tenant, receiver.url);
    const answer = await tenant.call<ShownRedelivery>('POST', '/v1/runs/run%2F1/callback-redeliveries');
    expect(answer).toMatchObject({ status: 202, body: { total: 2, pending: 2 } });
    expect(answer.body.deliveries.map(({ event_id }) => event_id)).toEqual(ids);
    await redeliveryThat(tenant, answer.body.id, { status: 'completed', succeeded: 2 });
    expect(receiver.requests).toHaveLength(2);
  });

  test('of an unknown run, or one of another tenant, is 404', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await destination(tenant, receiver.url);
    await callRunflow(source, runflowBody('run_mine'));
    const other = await delivering.app.tenant();
    await destination(other, receiver.url);
    expect(await tenant.call('POST', '/v1/runs/run_unknown/callback-redeliveries')).toMatchObject({
      status: 404,
    });
    expect(await tenant.call('POST', '/v1/runs/%00/callback-redeliveries')).toMatchObject({ status: 404 });
    expect(await other.call('POST', '/v1/runs/run_mine/callback-redeliveries')).toMatchObject({
      status: 404,
    });
  });
});

describe('GET /v1/redeliveries', () => {
  test('lists newest first, page by page, a tenant’s own only', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await destination(tenant, receiver.url);
    const eventId = await callRunflow(source);
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1)
      ids.push((await tenant.ok<ShownRedelivery>('POST', `/v1/events/${eventId}/redeliveries`)).id);
    interface Page {
      readonly data: ShownRedelivery[];
      readonly next_cursor: string | null;
    }
    const first = await tenant.ok<Page>('GET', '/v1/redeliveries?limit=2');
    const second = await tenant.ok<Page>('GET', `/v1/redeliveries?limit=2&cursor=${first.next_cursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids.reverse());
    expect(second.next_cursor).toBeNull();
    expect(first.data[0]).toMatchObject({ total: 1 });

    const other = await delivering.app.tenant();
    expect((await other.ok<Page>('GET', '/v1/redeliveries')).data).toEqual([]);
    for (const [method, path] of [
      ['GET', `/v1/redeliveries/${ids[0]}`],
      ['POST', `/v1/redeliveries/${ids[0]}/cancel`],
      ['GET', `/v1/redeliveries/${UNKNOWN_ID}`],
    ] as const)
      expect((await other.call(method, path)).status).toBe(404);
  });
});

describe('POST /v1/redeliveries', () => {
  test('delivers all events again that match, oldest first, and a dry run only counts them', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const second = await tenant.source('runflow', { slug: 'second' });
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push(await callRunflow(source));
    const failed = await callRunflow(source, runflowBody(undefined, 'run.failed'));
    const elsewhere = await callRunflow(second);
    await allFannedOut(delivering.app);
    await destination(tenant, receiver.url, { max_in_flight: 1 });

    const count = async (filter: object) => {
      const answer = await tenant.call('POST', '/v1/redeliveries', { filter, dry_run: true });
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body)).toEqual(['total']);
      return answer.body['total'];
    };
    const middle = await tenant.ok<{ received_at: string }>('GET', `/v1/events/${ids[1]}`);
    expect(await count({})).toBe(5);
    expect(await count({ source: 'second' })).toBe(1);
    expect(await count({ source: source.id, type: 'run.failed' })).toBe(1);
    expect(await count({ received_after: middle.received_at })).toBeLessThanOrEqual(3);
    expect(await count({ received_before: middle.received_at })).toBeLessThanOrEqual(1);
    expect(await count({ delivery_status: 'never' })).toBe(5);
    expect(await count({ delivery_status: 'failed' })).toBe(0);
    expect((await tenant.ok<{ data: object[] }>('GET', '/v1/redeliveries')).data).toEqual([]);
    expect(receiver.requests).toHaveLength(0);

    const answer = await tenant.call<ShownRedelivery>('POST', '/v1/redeliveries', { filter: {} });
    expect(answer).toMatchObject({ status: 202, body: { status: 'pending', total: 5, pending: 5 } });
    await redeliveryThat(tenant, answer.body.id, { status: 'completed', succeeded: 5 });
    expect(receiver.requests.map(({ headers }) => headers['callbox-event-id'])).toEqual([
      ...ids,
      failed,
      elsewhere,
    ]);
    expect(await count({ delivery_status: 'never' })).toBe(0);
  });

  test('by failed picks those whose latest delivery to the destination has failed', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await destination(tenant, receiver.url, { retry: { schedule_seconds: [] } });
    receiver.answer({ status: 500 });
    const failed = await callRunflow(source);
    await deliveryThat(tenant, failed, { status: 'failed' });
    await deliveryThat(tenant, await callRunflow(source), { status: 'succeeded' });
    const order = { filter: { delivery_status: 'failed' } };
    const { id, deliveries } = await tenant.ok<ShownRedelivery>('POST', '/v1/redeliveries', order);
    expect(deliveries.map(({ event_id }) => event_id)).toEqual([failed]);
    await redeliveryThat(tenant, id, { status: 'completed', succeeded: 1 });
    expect(await tenant.call('POST', '/v1/redeliveries', order)).toMatchObject({
      status: 202,
      body: { status: 'completed', total: 0, deliveries: [] },
    });
  });

  test('per_second spreads it over time; what is cancelled meanwhile is not sent', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    for (let count = 0; count < 4; count += 1) await callRunflow(source);
    await allFannedOut(delivering.app);
    await destination(tenant, receiver.url);
    const { id } = await tenant.ok<ShownRedelivery>('POST', '/v1/redeliveries', {
      filter: {},
      per_second: 1,
    });
    await eventually(() => expect(receiver.requests).toHaveLength(2));
    const betweenMs = (receiver.requests[1]?.atMs ?? 0) - (receiver.requests[0]?.atMs ?? 0);
    expect(betweenMs).toBeGreaterThan(500);
    const cancelled = await tenant.call<ShownRedelivery>('POST', `/v1/redeliveries/${id}/cancel`);
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled', total: 4 } });
    await redeliveryThat(tenant, id, { status: 'cancelled', pending: 0, succeeded: 2, cancelled: 2 });
    // The third one was a delivery already, a second ahead of its turn.
    const { deliveries } = await redelivery(tenant, id);
    expect(deliveries.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'cancelled']);
    expect(await delivery(tenant, deliveries[2]?.id ?? '')).toMatchObject({
      status: 'cancelled',
      attempts: [],
    });
    expect(receiver.requests).toHaveLength(2);
  });

  test('once completed cannot be cancelled any more', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await destination(tenant, receiver.url);
    const eventId = await callRunflow(source);
    const { id } = await tenant.ok<ShownRedelivery>('POST', `/v1/events/${eventId}/redeliveries`);
    await redeliveryThat(tenant, id, { status: 'completed' });
    expect(await tenant.call('POST', `/v1/redeliveries/${id}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'completed', succeeded: 1 },
    });
  });

  test('refuses what is malformed, and is 422 without any destination', async () => {
    const { tenant } = await runflowTenant();
    const post = (body: object) => tenant.call('POST', '/v1/redeliveries', body);
    for (const body of [
      {},
      { filter: { status: 'failed' } },
      { filter: { delivery_status: 'held' } },
      { filter: { received_after: 'yesterday' } },
      { filter: {}, per_second: 0 },
      { filter: {}, dry: true },
      { filter: { type: '' } },
    ])
      expect((await post(body)).status).toBe(400);
    expect(await post({ filter: {} })).toMatchObject({ status: 422, body: { code: 'no_destination' } });
    expect(await post({ filter: {}, destination: UNKNOWN_ID })).toMatchObject({ status: 422 });
    for (const dry_run of [true, false])
      expect(await post({ filter: { source: 'nowhere' }, dry_run })).toMatchObject({
        status: 422,
        body: { code: 'source_not_found', errors: [{ path: 'filter.source' }] },
      });
  });
});
