import { fromUlid } from '#contract';
import { eventually, send } from '#testing';
import {
  callRunflow,
  deliveriesOf,
  delivery,
  deliveryThat,
  destination,
  Delivering,
  type ShownDelivery,
} from './delivering.fixture.js';

const delivering = Delivering.forThisFile();
const { receivers } = delivering;

async function runflowTenant(settings: object = {}) {
  const { tenant, source, receiver } = await delivering.runflowTenant();
  const made = await destination(tenant, receiver.url, settings);
  const path = `/v1/destinations/${made.id}`;
  return { tenant, source, receiver, path, destinationId: made.id };
}

describe('a paused destination', () => {
  test('holds what comes, what waits, and sends everything on when it is active again', async () => {
    const { tenant, source, receiver, path } = await runflowTenant();
    receiver.answer({ status: 500 });
    const waiting = await callRunflow(source);
    await deliveryThat(tenant, waiting, { status: 'pending', attempt_count: 1 });
    await tenant.ok('PATCH', path, { status: 'paused' });
    await deliveryThat(tenant, waiting, { status: 'held', next_attempt_at: null, attempt_count: 1 });

    const coming = [await callRunflow(source), await callRunflow(source)];
    for (const id of coming) await deliveryThat(tenant, id, { status: 'held', attempt_count: 0 });
    expect(await tenant.ok('GET', `/v1/events/${waiting}`)).toMatchObject({
      deliveries: { held: 1, pending: 0 },
    });
    expect(receiver.requests).toHaveLength(1);

    await tenant.ok('PATCH', path, { status: 'active' });
    for (const id of [waiting, ...coming]) await deliveryThat(tenant, id, { status: 'succeeded' });
    expect(receiver.requests).toHaveLength(4);
  });

  test('keeps holding what is retried by hand, and sends it once when it is active again', async () => {
    const { tenant, source, receiver, path } = await runflowTenant();
    await tenant.ok('PATCH', path, { status: 'paused' });
    const eventId = await callRunflow(source);
    const { id } = await deliveryThat(tenant, eventId, { status: 'held' });
    expect(await tenant.call('POST', `/v1/deliveries/${id}/retry`)).toMatchObject({
      status: 202,
      body: { id, status: 'held', attempt_count: 0, next_attempt_at: null, finished_at: null },
    });
    expect(receiver.requests).toHaveLength(0);
    await tenant.ok('PATCH', path, { status: 'active' });
    await deliveryThat(tenant, eventId, { status: 'succeeded', attempt_count: 1 });
    expect(receiver.requests).toHaveLength(1);
  });

  test('lets what is being sent end, and holds it when it has failed', async () => {
    const { tenant, source, receiver, path } = await runflowTenant({ timeout_seconds: 1 });
    receiver.answer({ silent: true });
    const eventId = await callRunflow(source);
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    await tenant.ok('PATCH', path, { status: 'paused' });
    const held = await deliveryThat(tenant, eventId, { status: 'held', attempt_count: 1 });
    expect(held.attempts).toMatchObject([{ error: 'timeout' }]);
  });

  test('holds a redelivery too, which counts as pending', async () => {
    const { tenant, source, receiver, path } = await runflowTenant();
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    await tenant.ok('PATCH', path, { status: 'paused' });
    const answer = await tenant.call('POST', `/v1/events/${eventId}/redeliveries`);
    expect(answer).toMatchObject({ status: 202, body: { status: 'pending', total: 1, pending: 1 } });
    expect(answer.body).toMatchObject({ deliveries: [{ status: 'held' }] });
    await tenant.ok('PATCH', path, { status: 'active' });
    await eventually(() => expect(receiver.requests).toHaveLength(2));
  });
});

describe('what a worker has in hand and has not sent', () => {
  const WAITING = 30;

  /** A destination that takes several requests at once and answers none of them until it is told to. */
  async function crowded() {
    const made = await runflowTenant();
    for (let count = 0; count < 4; count += 1)
      await deliveryThat(made.tenant, await callRunflow(made.source), { status: 'succeeded' });
    let answerAll: () => void = () => undefined;
    const after = new Promise<void>((resolve) => (answerAll = resolve));
    made.receiver.answer(...Array.from({ length: WAITING }, () => ({ after })));
    await Promise.all(Array.from({ length: WAITING }, () => callRunflow(made.source)));
    await eventually(async () =>
      expect((await leasesOf(made)).length).toBeGreaterThan(made.receiver.requests.length),
    );
    return { ...made, answerAll };
  }

  /** Of what is claimed, sent or not. */
  async function leasesOf({ destinationId }: { readonly destinationId: string }): Promise<string[]> {
    const { rows } = await delivering.app.database.pool.query<{ claimed: string }>(
      `select id::text || lease_id::text as claimed from deliveries where destination_id = $1 and lease_id is not null`,
      [fromUlid(destinationId)],
    );
    return rows.map(({ claimed }) => claimed);
  }

  async function inStatus(
    { tenant, destinationId }: Awaited<ReturnType<typeof crowded>>,
    status: string,
  ): Promise<number> {
    const query = `/v1/deliveries?destination=${destinationId}&status=${status}&limit=250`;
    return (await tenant.ok<{ data: object[] }>('GET', query)).data.length;
  }

  test.each([
    ['held', 'PATCH', { status: 'paused' }],
    ['cancelled', 'DELETE', undefined],
  ] as const)('is %s at once by %s', async (status, method, body) => {
    const made = await crowded();
    const { tenant, receiver, path, answerAll } = made;
    expect((await tenant.call(method, path, body)).status).toBeLessThan(300);
    await eventually(async () =>
      expect((await inStatus(made, status)) + receiver.requests.length).toBe(WAITING + 4),
    );
    const arrived = receiver.requests.length;
    answerAll();
    await eventually(async () => expect(await inStatus(made, 'succeeded')).toBe(arrived));
    expect(receiver.requests).toHaveLength(arrived);
  });

  test('goes to the new URL', async () => {
    const made = await crowded();
    const { tenant, receiver, path, answerAll } = made;
    const moved = await receivers.start();
    const before = await leasesOf(made);
    await tenant.ok('PATCH', path, { url: moved.url });
    await eventually(async () => {
      const now = new Set(await leasesOf(made));
      expect(before.filter((claimed) => now.has(claimed))).toHaveLength(receiver.requests.length - 4);
    });
    const arrived = receiver.requests.length;
    answerAll();
    await eventually(() => expect(moved.requests).toHaveLength(WAITING + 4 - arrived));
    expect(receiver.requests).toHaveLength(arrived);
  });
});

describe('a paused source', () => {
  test('accepts, stores and holds, and sends everything on when it is active again', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'paused' });
    const ids = [await callRunflow(source), await callRunflow(source)];
    for (const id of ids) await deliveryThat(tenant, id, { status: 'held', attempt_count: 0 });
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'active' });
    for (const id of ids) await deliveryThat(tenant, id, { status: 'succeeded' });
    expect(receiver.requests).toHaveLength(2);
  });

  test('holds what waits for its next attempt as soon as it is due', async () => {
    const { tenant, source, receiver } = await runflowTenant({ retry: { schedule_seconds: [1, 1] } });
    receiver.answer({ status: 500 });
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'pending', attempt_count: 1 });
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'paused' });
    await deliveryThat(tenant, eventId, { status: 'held', attempt_count: 1 });
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'active' });
    await deliveryThat(tenant, eventId, { status: 'succeeded', attempt_count: 2 });
    expect(receiver.requests).toHaveLength(2);
  });

  test('holds what is retried by hand at once, whether it was held or had succeeded', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const done = await deliveryThat(tenant, await callRunflow(source), { status: 'succeeded' });
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'paused' });
    const held = await deliveryThat(tenant, await callRunflow(source), { status: 'held' });
    for (const { id } of [done, held])
      expect(await tenant.call('POST', `/v1/deliveries/${id}/retry`)).toMatchObject({
        status: 202,
        body: { id, status: 'held', next_attempt_at: null },
      });
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'active' });
    for (const { event_id } of [done, held])
      await deliveryThat(tenant, event_id, {
        status: 'succeeded',
        attempt_count: event_id === done.event_id ? 2 : 1,
      });
    expect(receiver.requests).toHaveLength(3);
  });

  test('and a paused destination both have to be active again', async () => {
    const { tenant, source, path } = await runflowTenant();
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'paused' });
    await tenant.ok('PATCH', path, { status: 'paused' });
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'held' });
    await tenant.ok('PATCH', path, { status: 'active' });
    await deliveryThat(tenant, eventId, { status: 'held' });
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'active' });
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
  });

  test('that is deleted holds nothing any more', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'paused' });
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'held' });
    await tenant.ok('DELETE', '/v1/sources/runflow');
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    expect(receiver.requests[0]?.headers['callbox-source']).toBe('runflow');
  });
});

describe('a deleted destination', () => {
  test('cancels what waits for it, held or not', async () => {
    const { tenant, source, receiver, path } = await runflowTenant();
    receiver.answer({ status: 500 });
    const waiting = await callRunflow(source);
    await deliveryThat(tenant, waiting, { status: 'pending', attempt_count: 1 });
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'paused' });
    const held = await callRunflow(source);
    await deliveryThat(tenant, held, { status: 'held' });
    await tenant.ok('DELETE', path);
    for (const id of [waiting, held]) {
      const cancelled = await deliveryThat(tenant, id, { status: 'cancelled', next_attempt_at: null });
      expect(cancelled.finished_at).not.toBeNull();
    }
    expect(receiver.requests).toHaveLength(1);
  });

  test('gets the end of what is being sent, and no attempt after it', async () => {
    const { tenant, source, receiver, path } = await runflowTenant({ timeout_seconds: 1 });
    receiver.answer({ silent: true });
    const eventId = await callRunflow(source);
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    await tenant.ok('DELETE', path);
    const cancelled = await deliveryThat(tenant, eventId, { status: 'cancelled', attempt_count: 1 });
    expect(cancelled.attempts).toMatchObject([{ error: 'timeout' }]);
  });
});

describe('what is erased', () => {
  test('an event, while its deliveries wait: nothing of it is sent or left', async () => {
    const { tenant, source, receiver } = await runflowTenant({ retry: { schedule_seconds: [1] } });
    receiver.answer({ status: 500 });
    const eventId = await callRunflow(source);
    const { id } = await deliveryThat(tenant, eventId, { status: 'pending', attempt_count: 1 });
    await tenant.ok('DELETE', `/v1/events/${eventId}`);
    expect(await deliveriesOf(tenant, eventId)).toEqual([]);
    expect((await tenant.call('GET', `/v1/deliveries/${id}`)).status).toBe(404);
    // A later event through the same destination passes the time at which the erased one would have been due.
    receiver.answer({ status: 500 });
    await deliveryThat(tenant, await callRunflow(source), { status: 'succeeded', attempt_count: 2 });
    expect(receiver.requests).toHaveLength(3);
  });

  test('an event, while it is being sent: the result changes nothing', async () => {
    const { tenant, source, receiver } = await runflowTenant({ timeout_seconds: 1 });
    receiver.answer({ silent: true });
    const eventId = await callRunflow(source);
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    await tenant.ok('DELETE', `/v1/events/${eventId}`);
    await eventually(() => expect(delivering.app.log.join('')).toContain('"next":"lease_lost"'));
    const { rows } = await delivering.app.database.pool.query<{ count: number }>(
      `select count(*)::integer as count from attempts a
       where not exists (select from deliveries d where d.tenant_id = a.tenant_id and d.id = a.delivery_id)`,
    );
    expect(rows).toEqual([{ count: 0 }]);
  });

  test('a tenant, while its deliveries wait: nothing is sent, and other tenants go on', async () => {
    const { tenant, source, receiver } = await runflowTenant({ retry: { schedule_seconds: [1] } });
    receiver.answer({ status: 500 });
    await deliveryThat(tenant, await callRunflow(source), { status: 'pending', attempt_count: 1 });
    expect((await delivering.app.operator('DELETE', `/v1/tenants/${tenant.id}`)).status).toBe(204);

    const other = await runflowTenant({ retry: { schedule_seconds: [1] } });
    other.receiver.answer({ status: 500 });
    const later = await callRunflow(other.source);
    await deliveryThat(other.tenant, later, { status: 'succeeded', attempt_count: 2 });
    expect(receiver.requests).toHaveLength(1);
    expect((await send(source.url, { method: 'POST', body: '{}' })).status).toBe(404);
  });
});

describe('limits of a destination', () => {
  async function sendMany(count: number, settings: object) {
    const made = await runflowTenant(settings);
    await made.tenant.ok('PATCH', '/v1/sources/runflow', { status: 'paused' });
    await Promise.all(Array.from({ length: count }, () => callRunflow(made.source)));
    await made.tenant.ok('PATCH', '/v1/sources/runflow', { status: 'active' });
    return made;
  }

  test('rate_limit.per_second spaces its requests', async () => {
    const { receiver } = await sendMany(16, { rate_limit: { per_second: 5 } });
    await eventually(() => expect(receiver.requests).toHaveLength(16));
    const times = receiver.requests.map(({ atMs }) => atMs);
    for (const [index, time] of times.entries()) {
      const inTheSecondBefore = times.slice(0, index).filter((earlier) => earlier > time - 950);
      expect(inTheSecondBefore.length).toBeLessThanOrEqual(5);
    }
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
    expect(seconds).toBeGreaterThan(2.8);
    expect(seconds).toBeLessThan(5);
  });

  test.each([1, 3])('max_in_flight %i is never exceeded', async (most) => {
    const { tenant, source, receiver } = await runflowTenant({ max_in_flight: most, timeout_seconds: 1 });
    receiver.answer(...Array.from({ length: 4 }, () => ({ silent: true })));
    const ids = await Promise.all(Array.from({ length: 6 }, () => callRunflow(source)));
    await eventually(async () => {
      const states = await Promise.all(ids.map((id) => deliveriesOf(tenant, id)));
      expect(states.flat().every(({ attempt_count }) => attempt_count > 0)).toBe(true);
    });
    const attempts = await allAttempts(tenant, ids);
    for (const { from } of attempts) {
      const atOnce = attempts.filter((other) => other.from <= from && other.to > from);
      expect(atOnce.length).toBeLessThanOrEqual(most);
    }
  });

  async function allAttempts(tenant: Parameters<typeof delivery>[0], eventIds: readonly string[]) {
    const deliveries = (await Promise.all(eventIds.map((id) => deliveriesOf(tenant, id)))).flat();
    const shown: ShownDelivery[] = await Promise.all(deliveries.map(({ id }) => delivery(tenant, id)));
    return shown.flatMap(({ attempts }) =>
      attempts.map((attempt) => {
        const from = Date.parse(attempt.started_at);
        return { from, to: from + attempt.duration_ms };
      }),
    );
  }

  test('a destination that hangs does not delay the others', async () => {
    const tenant = await delivering.app.tenant();
    const source = await tenant.source('runflow');
    const [hanging, healthy] = [await receivers.start(), await receivers.start()];
    hanging.answer(...Array.from({ length: 1_000 }, () => ({ silent: true })));
    for (let index = 0; index < 20; index += 1)
      await destination(tenant, `${hanging.url}/${index}`, { types: ['hang.*'], timeout_seconds: 60 });
    await destination(tenant, healthy.url, { types: ['run.*'] });
    await Promise.all(
      Array.from({ length: 15 }, (_, index) =>
        callRunflow(source, JSON.stringify({ event: 'hang.now', run_id: `run_${index}` })),
      ),
    );
    await eventually(() => expect(hanging.requests.length).toBeGreaterThanOrEqual(20));
    const startedAt = Date.now();
    await Promise.all(Array.from({ length: 50 }, () => callRunflow(source)));
    await eventually(() => expect(healthy.requests).toHaveLength(50));
    expect(Date.now() - startedAt).toBeLessThan(3_000);
  });
});
