import { eventually } from '#testing';
import {
  callRunflow,
  delivery,
  deliveryThat,
  destination,
  Delivering,
  type ShownDelivery,
} from './delivering.fixture.js';

const delivering = Delivering.forThisFile();

async function runflowTenant(settings: object = {}) {
  const { tenant, source, receiver } = await delivering.runflowTenant();
  const { id } = await destination(tenant, receiver.url, settings);
  const path = `/v1/destinations/${id}`;
  const shown = () => tenant.ok<Record<string, unknown>>('GET', path);
  return { tenant, source, receiver, path, shown };
}

const run = (sql: string) => delivering.app.database.pool.query(sql);
const logged = () => delivering.app.log.join('');

/** Sends callbacks to a destination that answers 500, until its circuit is open; gives back the delivery that opened it. */
async function openCircuit(made: Awaited<ReturnType<typeof runflowTenant>>): Promise<ShownDelivery> {
  const { tenant, source, receiver } = made;
  for (let count = 0; count < 9; count += 1) {
    receiver.answer({ status: 500 });
    await deliveryThat(tenant, await callRunflow(source), { status: 'pending', attempt_count: 1 });
    // The next attempt is not what is looked at here.
    await run(
      `update deliveries set due_at = due_at + interval '1 hour' where status = 'pending' and lease_id is null`,
    );
  }
  await run(`update circuits set unavailable_since = unavailable_since - interval '1 minute'`);
  receiver.answer({ status: 500 });
  return deliveryThat(tenant, await callRunflow(source), { status: 'pending', attempt_count: 1 });
}

describe('a destination that is away', () => {
  test('is well at first, and shows the first failures without a circuit', async () => {
    const { tenant, source, receiver, shown } = await runflowTenant();
    const well = {
      paused_reason: null,
      circuit: { state: 'closed', consecutive_failures: 0, opened_at: null, next_probe_at: null },
      failing_since: null,
      auto_pause_at: null,
      warning: null,
    };
    expect(await shown()).toMatchObject(well);
    receiver.answer({ status: 500 });
    const failed = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 1,
    });
    const after = await shown();
    expect(after).toMatchObject({ circuit: { state: 'closed', consecutive_failures: 1 }, warning: null });
    const days =
      (Date.parse(String(after['auto_pause_at'])) - Date.parse(String(after['failing_since']))) / 86_400_000;
    expect(days).toBe(5);
    expect((await tenant.call('POST', `/v1/deliveries/${failed.id}/retry`)).status).toBe(202);
    await eventually(async () => expect(await shown()).toMatchObject(well));
  });

  test('gets an open circuit: what comes waits for the probe, whose success lets everything through', async () => {
    const made = await runflowTenant();
    const { tenant, source, receiver, shown } = made;
    await openCircuit(made);
    const opened = await shown();
    expect(opened).toMatchObject({ status: 'active', circuit: { state: 'open', consecutive_failures: 10 } });
    expect(logged()).toContain('destination.circuit_opened');

    const before = receiver.requests.length;
    const waiting = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 0,
    });
    const { next_probe_at } = opened['circuit'] as { next_probe_at: string };
    expect(waiting.next_attempt_at).toBe(next_probe_at);
    const later = await callRunflow(source);
    await deliveryThat(tenant, later, { status: 'pending', attempt_count: 0 });
    expect(receiver.requests).toHaveLength(before);

    await run(`update circuits set next_probe_at = now()`);
    await deliveryThat(tenant, later, { status: 'succeeded', attempt_count: 1 });
    expect(await delivery(tenant, waiting.id)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(await shown()).toMatchObject({
      circuit: { state: 'closed', consecutive_failures: 0 },
      failing_since: null,
    });
    expect(logged()).toContain('destination.circuit_closed');
  });

  test('is tried at once when somebody retries a delivery, and that one is the probe', async () => {
    const made = await runflowTenant();
    const { tenant, source, shown } = made;
    const failed = await openCircuit(made);
    const earlier = await callRunflow(source);
    await deliveryThat(tenant, earlier, { status: 'pending', attempt_count: 0 });
    await tenant.call('POST', `/v1/deliveries/${failed.id}/retry`);
    await deliveryThat(tenant, earlier, { status: 'succeeded' });
    const retried = await delivery(tenant, failed.id);
    expect(retried).toMatchObject({ status: 'succeeded', attempt_count: 2 });
    expect(await shown()).toMatchObject({ circuit: { state: 'closed' } });
  });

  test.each([{ status: 'active' }, { url: 'another' }])(
    'has a closed circuit again after PATCH %j',
    async (patch) => {
      const made = await runflowTenant();
      const { tenant, source, receiver, path } = made;
      await openCircuit(made);
      const waiting = await callRunflow(source);
      await deliveryThat(tenant, waiting, { status: 'pending', attempt_count: 0 });
      const body = 'url' in patch ? { url: `${receiver.url}/another` } : patch;
      expect(await tenant.ok('PATCH', path, body)).toMatchObject({
        circuit: { state: 'closed' },
        failing_since: null,
      });
      await deliveryThat(tenant, waiting, { status: 'succeeded', attempt_count: 1 });
    },
  );

  test('is warned of after three days and paused after five, and sends on what was held when it is active again', async () => {
    const { tenant, source, receiver, path, shown } = await runflowTenant({
      retry: { schedule_seconds: [] },
    });
    const fail = async () => {
      receiver.answer({ status: 404 });
      await deliveryThat(tenant, await callRunflow(source), { status: 'failed' });
    };
    for (let count = 0; count < 5; count += 1) await fail();
    await run(`update circuits set failing_since = failing_since - interval '3 days'`);
    expect(await shown()).toMatchObject({ warning: expect.stringContaining('has failed (5)') as string });
    await fail();
    expect(logged()).toContain('destination.failing');

    await run(`update circuits set failing_since = failing_since - interval '2 days'`);
    await fail();
    expect(await shown()).toMatchObject({ status: 'paused', paused_reason: 'auto', auto_pause_at: null });
    const held = await callRunflow(source);
    await deliveryThat(tenant, held, { status: 'held', attempt_count: 0 });
    expect(await tenant.ok('PATCH', path, { status: 'active' })).toMatchObject({
      status: 'active',
      paused_reason: null,
      failing_since: null,
    });
    await deliveryThat(tenant, held, { status: 'succeeded' });
  });
});

test('says who paused a destination', async () => {
  const { tenant, source, receiver, path, shown } = await runflowTenant();
  await tenant.ok('PATCH', path, { status: 'paused' });
  expect(await shown()).toMatchObject({ status: 'paused', paused_reason: 'manual' });
  await tenant.ok('PATCH', path, { status: 'active' });
  receiver.answer({ status: 410 });
  await deliveryThat(tenant, await callRunflow(source), { status: 'failed' });
  expect(await shown()).toMatchObject({ status: 'paused', paused_reason: 'gone' });
});

test('a quota that begins anew is waited for', async () => {
  const { tenant, source, receiver } = await runflowTenant();
  receiver.answer({
    status: 429,
    headers: { 'X-RateLimit-Reset': String(Math.ceil(Date.now() / 1_000) + 600) },
  });
  const shown = await deliveryThat(tenant, await callRunflow(source), {
    status: 'pending',
    attempt_count: 1,
  });
  const seconds = (Date.parse(shown.next_attempt_at ?? '') - Date.now()) / 1_000;
  expect(Math.abs(seconds - 600)).toBeLessThan(5);
});

test('what was held is released in the order in which it came', async () => {
  const { tenant, source, receiver, path } = await runflowTenant({ max_in_flight: 1 });
  await tenant.ok('PATCH', path, { status: 'paused' });
  const ids: string[] = [];
  for (let count = 0; count < 30; count += 1) ids.push(await callRunflow(source));
  for (const id of ids) await deliveryThat(tenant, id, { status: 'held' });
  await tenant.ok('PATCH', path, { status: 'active' });
  await eventually(() => expect(receiver.requests).toHaveLength(30), 20_000);
  expect(receiver.requests.map(({ headers }) => headers['callbox-event-id'])).toEqual(ids);
});
