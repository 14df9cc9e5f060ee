import { eventually, hexHmac, send } from '#testing';
import {
  allFannedOut,
  callRunflow,
  deliveriesOf,
  delivery,
  deliveryThat,
  destination,
  Delivering,
  runflowBody,
} from './delivering.fixture.js';

const delivering = Delivering.forThisFile();
const { receivers } = delivering;

async function runflowTenant(settings: object = {}) {
  const { tenant, source, receiver } = await delivering.runflowTenant();
  const made = await destination(tenant, `${receiver.url}/callbacks`, settings);
  return { tenant, source, receiver, destinationId: made.id };
}

/** Makes a delivery due that waits for its next attempt. */
async function makeDue(deliveryId: string): Promise<void> {
  const { rowCount } = await delivering.app.database.pool.query(
    `update deliveries set due_at = now(), next_attempt_at = now()
     where replace(id::text, '-', '') = $1 and status = 'pending' and lease_id is null`,
    [hexOfUlid(deliveryId)],
  );
  expect(rowCount).toBe(1);
}

function hexOfUlid(ulid: string): string {
  const digits = [...ulid].map((digit) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(digit));
  return digits
    .reduce((sum, digit) => sum * 32n + BigInt(digit), 0n)
    .toString(16)
    .padStart(32, '0');
}

describe('an accepted event', () => {
  test('is delivered to every destination that matches, and to no other', async () => {
    const tenant = await delivering.app.tenant();
    const source = await tenant.source('runflow');
    await tenant.source('qstash', { plainSecret: 'sig_a-key-of-the-tests-0123456789abc' });
    const other = await delivering.app.tenant();
    const receiver = await receivers.start();
    const matching = await Promise.all([
      destination(tenant, `${receiver.url}/all`),
      destination(tenant, `${receiver.url}/source`, { sources: ['runflow', 'qstash'] }),
      destination(tenant, `${receiver.url}/type`, { types: ['batch.*', 'run.comp*'] }),
    ]);
    await destination(tenant, `${receiver.url}/other-source`, { sources: ['qstash'] });
    await destination(tenant, `${receiver.url}/other-type`, { types: ['run.failed'] });
    await destination(other, `${receiver.url}/other-tenant`);

    const eventId = await callRunflow(source);
    await eventually(async () => {
      const deliveries = await deliveriesOf(tenant, eventId);
      expect(deliveries.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
      expect(new Set(deliveries.map((one) => one.destination_id))).toEqual(
        new Set(matching.map(({ id }) => id)),
      );
    });
    expect(receiver.requests.map(({ path }) => path).sort()).toEqual(['/all', '/source', '/type']);
    expect(await tenant.ok('GET', `/v1/events/${eventId}`)).toMatchObject({
      deliveries: { pending: 0, succeeded: 3, failed: 0, held: 0 },
    });
  });

  test('is delivered as it came: method, body and headers, and what Callbox says of it', async () => {
    const { tenant, source, receiver } = await runflowTenant({
      headers: { 'X-Environment': 'test', 'User-Agent': 'mine' },
    });
    const eventId = await callRunflow(source, runflowBody());
    const { id } = await deliveryThat(tenant, eventId, { status: 'succeeded' });
    const event = await tenant.ok<{ body: string; received_at: string }>('GET', `/v1/events/${eventId}`);
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]).toMatchObject({
      method: 'POST',
      path: '/callbacks',
      body: Buffer.from(event.body),
      headers: {
        'content-type': 'application/json',
        'x-environment': 'test',
        'user-agent': 'mine',
        'callbox-event-id': eventId,
        'callbox-delivery-id': id,
        'callbox-attempt': '1',
        'callbox-source': 'runflow',
        'callbox-received-at': event.received_at,
        host: new URL(receiver.url).host,
      },
    });
  });

  test('that is a duplicate is not delivered again', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const body = runflowBody();
    const eventId = await callRunflow(source, body);
    await expect(callRunflow(source, body)).rejects.toThrow('duplicate');
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    expect(receiver.requests).toHaveLength(1);
  });

  test('without a destination has no deliveries', async () => {
    const tenant = await delivering.app.tenant();
    const eventId = await callRunflow(await tenant.source('runflow'));
    await allFannedOut(delivering.app);
    expect(await deliveriesOf(tenant, eventId)).toEqual([]);
  });
});

describe('an attempt', () => {
  test('is recorded with its number, times and what came back', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    receiver.answer({ status: 202, headers: { 'X-Answer': 'yes' }, body: 'thank you, José' });
    const before = Date.now();
    const shown = await deliveryThat(tenant, await callRunflow(source), {
      status: 'succeeded',
      attempt_count: 1,
    });
    expect(shown.next_attempt_at).toBeNull();
    expect(Date.parse(shown.finished_at ?? '')).toBeGreaterThanOrEqual(before - 1_000);
    expect(shown.attempts).toEqual([
      {
        number: 1,
        started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        duration_ms: expect.any(Number) as number,
        status_code: 202,
        error: null,
        response_headers: expect.arrayContaining([['X-Answer', 'yes']]) as [string, string][],
        response_body: 'thank you, José',
        response_truncated: false,
      },
    ]);
  });

  test('keeps the first 64 KiB of a long answer', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    receiver.answer({ body: 'x'.repeat(65_536) }, { body: 'y'.repeat(65_537) });
    const exact = await deliveryThat(tenant, await callRunflow(source), { status: 'succeeded' });
    expect(exact.attempts[0]).toMatchObject({ response_body: 'x'.repeat(65_536), response_truncated: false });
    const longer = await deliveryThat(tenant, await callRunflow(source), { status: 'succeeded' });
    expect(longer.attempts[0]).toMatchObject({ response_body: 'y'.repeat(65_536), response_truncated: true });
  });

  test.each([
    ['connection_refused', 'http://127.0.0.1:1/', {}],
    ['dns_failed', 'http://nobody.invalid/', {}],
  ])('that reaches nobody is recorded as %s and tried again', async (error, url, settings) => {
    const tenant = await delivering.app.tenant();
    const source = await tenant.source('runflow');
    await destination(tenant, url, settings);
    const shown = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 1,
    });
    expect(shown.attempts).toMatchObject([
      {
        number: 1,
        status_code: null,
        error,
        response_headers: null,
        response_body: null,
        response_truncated: false,
      },
    ]);
  });

  test('without an answer ends after the timeout of the destination', async () => {
    const { tenant, source, receiver } = await runflowTenant({ timeout_seconds: 1 });
    receiver.answer({ silent: true });
    const eventId = await callRunflow(source);
    const shown = await eventually(async () => {
      const one = await delivery(tenant, (await deliveriesOf(tenant, eventId))[0]?.id ?? '');
      expect(one.attempts).toMatchObject([{ status_code: null, error: 'timeout' }]);
      return one;
    });
    expect(shown.attempts[0]?.duration_ms).toBeGreaterThanOrEqual(1_000);
    expect(shown.attempts[0]?.duration_ms).toBeLessThan(2_000);
    expect(shown).toMatchObject({ status: 'pending' });
  });

  test('whose connection is cut is recorded as such', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    receiver.answer({ hangUp: true });
    const shown = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 1,
    });
    expect(shown.attempts).toMatchObject([{ status_code: null, error: 'connection_reset' }]);
    expect(receiver.requests).toHaveLength(1);
  });

  test('does not follow a redirect', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    receiver.answer({ status: 307, headers: { location: `${receiver.url}/elsewhere` } });
    const shown = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 1,
    });
    expect(shown.attempts).toMatchObject([{ status_code: 307, error: null }]);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/callbacks']);
  });
});

describe('after a failed attempt', () => {
  const secondsUntil = (time: string | null) => (Date.parse(time ?? '') - Date.now()) / 1_000;

  test('the next one follows after 5 s and up to 10 %, then after 5 min', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    receiver.answer({ status: 500 }, { status: 503 });
    const first = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 1,
    });
    const waitSeconds =
      (Date.parse(first.next_attempt_at ?? '') - Date.parse(first.attempts[0]?.started_at ?? '')) / 1_000;
    expect(waitSeconds).toBeGreaterThanOrEqual(5);
    expect(waitSeconds).toBeLessThan(6);

    const second = await eventually(async () => {
      const shown = await delivery(tenant, first.id);
      expect(shown.attempts.map(({ status_code }) => status_code)).toEqual([500, 503]);
      return shown;
    });
    const betweenMs = (receiver.requests[1]?.atMs ?? 0) - (receiver.requests[0]?.atMs ?? 0);
    expect(betweenMs).toBeGreaterThanOrEqual(5_000);
    expect(betweenMs).toBeLessThan(7_000);
    expect(second.attempts.map(({ number }) => number)).toEqual([1, 2]);
    expect(receiver.requests.map(({ headers }) => headers['callbox-attempt'])).toEqual(['1', '2']);
    expect(secondsUntil(second.next_attempt_at)).toBeGreaterThan(295);
    expect(secondsUntil(second.next_attempt_at)).toBeLessThanOrEqual(330);
  });

  test('a schedule of its own holds, and when it is exhausted the delivery has failed', async () => {
    const { tenant, source, receiver } = await runflowTenant({ retry: { schedule_seconds: [0, 0] } });
    receiver.answer({ status: 500 }, { status: 404 }, { hangUp: true }, { status: 200 });
    const shown = await deliveryThat(tenant, await callRunflow(source), {
      status: 'failed',
      attempt_count: 3,
    });
    expect(shown.attempts.map(({ status_code }) => status_code)).toEqual([500, 404, null]);
    expect(shown.next_attempt_at).toBeNull();
    expect(shown.finished_at).not.toBeNull();
    expect(receiver.requests).toHaveLength(3);
  });

  test('Retry-After is honoured, in seconds and as a date, up to a day', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const waitFor = async (retryAfter: string) => {
      receiver.answer({ status: 503, headers: { 'Retry-After': retryAfter } });
      const shown = await deliveryThat(tenant, await callRunflow(source), {
        status: 'pending',
        attempt_count: 1,
      });
      return secondsUntil(shown.next_attempt_at);
    };
    expect(Math.abs((await waitFor('120')) - 120)).toBeLessThan(3);
    expect(Math.abs((await waitFor(new Date(Date.now() + 3_600_000).toUTCString())) - 3_600)).toBeLessThan(3);
    expect(Math.abs((await waitFor('315360000')) - 86_400)).toBeLessThan(3);
    expect(Math.abs((await waitFor('later')) - 5)).toBeLessThan(3);
  });

  test('410 fails the delivery, pauses the destination and holds what waits for it', async () => {
    const { tenant, source, receiver, destinationId } = await runflowTenant();
    receiver.answer({ status: 500 });
    const waiting = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 1,
    });
    receiver.answer({ status: 410 });
    const gone = await deliveryThat(tenant, await callRunflow(source), {
      status: 'failed',
      attempt_count: 1,
    });
    expect(gone.attempts).toMatchObject([{ status_code: 410 }]);
    expect(await tenant.ok('GET', `/v1/destinations/${destinationId}`)).toMatchObject({ status: 'paused' });
    expect(await delivery(tenant, waiting.id)).toMatchObject({ status: 'held', next_attempt_at: null });

    const later = await callRunflow(source);
    await deliveryThat(tenant, later, { status: 'held', attempt_count: 0 });
    expect(receiver.requests).toHaveLength(2);

    await tenant.ok('PATCH', `/v1/destinations/${destinationId}`, { status: 'active' });
    await deliveryThat(tenant, later, { status: 'succeeded' });
    await eventually(async () =>
      expect(await delivery(tenant, waiting.id)).toMatchObject({ status: 'succeeded' }),
    );
    expect(await delivery(tenant, gone.id)).toMatchObject({ status: 'failed' });
  });

  test('489 that is not to be retried is final, whoever sent the callback, and pauses nothing', async () => {
    const { tenant, source, receiver, destinationId } = await runflowTenant();
    receiver.answer({ status: 489, headers: { 'Upstash-NonRetryable-Error': 'true' } }, { status: 489 });
    await deliveryThat(tenant, await callRunflow(source), { status: 'failed', attempt_count: 1 });
    await deliveryThat(tenant, await callRunflow(source), { status: 'pending', attempt_count: 1 });
    const path = `/v1/destinations/${destinationId}`;
    expect(await tenant.ok('GET', path)).toMatchObject({ status: 'active' });
  });

  test('an answer that breaks off is shown as far as it came, and its Retry-After is heard', async () => {
    const { tenant, source, receiver } = await runflowTenant({ timeout_seconds: 1 });
    const headers = { 'Retry-After': '600', 'Content-Length': '100' };
    receiver.answer({ status: 429, headers, body: 'so far' });
    const shown = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 1,
    });
    const [attempt] = shown.attempts;
    expect(attempt).toMatchObject({ status_code: 429, error: 'timeout', response_body: 'so far' });
    expect(attempt?.response_headers).toContainEqual(['Retry-After', '600']);
    const waitMs = Date.parse(shown.next_attempt_at ?? '') - Date.parse(attempt?.started_at ?? '');
    expect(waitMs).toBeGreaterThanOrEqual(600_000);
  });
});

describe('POST /v1/deliveries/{id}/retry', () => {
  test('answers 202 and tries a failed delivery again, once more than its schedule', async () => {
    const { tenant, source, receiver } = await runflowTenant({ retry: { schedule_seconds: [] } });
    receiver.answer({ status: 500 });
    const { id } = await deliveryThat(tenant, await callRunflow(source), { status: 'failed' });
    const answer = await tenant.call('POST', `/v1/deliveries/${id}/retry`);
    expect(answer).toMatchObject({ status: 202, body: { id, status: 'pending', finished_at: null } });
    await eventually(async () =>
      expect(await delivery(tenant, id)).toMatchObject({
        status: 'succeeded',
        attempts: [
          { number: 1, status_code: 500 },
          { number: 2, status_code: 200 },
        ],
      }),
    );
  });

  test('does not wait for the next attempt', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    receiver.answer({ status: 500 });
    const { id } = await deliveryThat(tenant, await callRunflow(source), {
      status: 'pending',
      attempt_count: 1,
    });
    expect((await tenant.call('POST', `/v1/deliveries/${id}/retry`)).status).toBe(202);
    await eventually(
      async () => expect(await delivery(tenant, id)).toMatchObject({ status: 'succeeded' }),
      3_000,
    );
  });

  test('delivers once more what has succeeded', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    const { id } = await deliveryThat(tenant, await callRunflow(source), { status: 'succeeded' });
    expect((await tenant.call('POST', `/v1/deliveries/${id}/retry`)).status).toBe(202);
    await eventually(() => expect(receiver.requests).toHaveLength(2));
  });

  test('of a paused destination is held, and of a deleted one refused', async () => {
    const { tenant, source, receiver, destinationId } = await runflowTenant({
      retry: { schedule_seconds: [] },
    });
    receiver.answer({ status: 500 });
    const { id } = await deliveryThat(tenant, await callRunflow(source), { status: 'failed' });
    await tenant.ok('PATCH', `/v1/destinations/${destinationId}`, { status: 'paused' });
    expect(await tenant.call('POST', `/v1/deliveries/${id}/retry`)).toMatchObject({
      status: 202,
      body: { status: 'held' },
    });
    await tenant.ok('DELETE', `/v1/destinations/${destinationId}`);
    expect(await tenant.call('POST', `/v1/deliveries/${id}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'delivery_not_retryable' },
    });
    expect(receiver.requests).toHaveLength(1);
  });

  test('of a delivery that is being sent right now is refused, of an unknown one not found', async () => {
    const { tenant, source, receiver } = await runflowTenant();
    receiver.answer({ silent: true });
    const eventId = await callRunflow(source);
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    const [one] = await deliveriesOf(tenant, eventId);
    expect(await tenant.call('POST', `/v1/deliveries/${one?.id}/retry`)).toMatchObject({ status: 409 });
    expect(await tenant.call('POST', `/v1/deliveries/${eventId}/retry`)).toMatchObject({ status: 404 });
    const other = await delivering.app.tenant();
    expect(await other.call('POST', `/v1/deliveries/${one?.id}/retry`)).toMatchObject({ status: 404 });
  });
});

describe('a callback that goes in circles', () => {
  test('is stopped', async () => {
    const tenant = await delivering.app.tenant();
    const source = await tenant.source('callbox');
    await destination(tenant, source.url, { retry: { schedule_seconds: [] } });
    await send(source.url, {
      method: 'POST',
      headers: { 'callbox-signature': hexHmac(source.secret, 'x') },
      body: 'x',
    });
    await eventually(async () => {
      const { data } = await tenant.ok<{ data: { id: string }[] }>('GET', '/v1/deliveries?status=failed');
      expect(data).toHaveLength(1);
      expect(await delivery(tenant, data[0]?.id ?? '')).toMatchObject({
        attempts: [{ error: 'loop_detected', status_code: null }],
      });
    });
    const events = await tenant.ok<{ data: object[] }>('GET', '/v1/events');
    expect(events.data).toHaveLength(4);
  });
});

test('a delivery that waits for its next attempt is signed with the secret that is current then', async () => {
  const { tenant, source, receiver } = await runflowTenant();
  receiver.answer({ status: 500 });
  const body = runflowBody();
  const { id } = await deliveryThat(tenant, await callRunflow(source, body), {
    status: 'pending',
    attempt_count: 1,
  });
  const rotated = await tenant.ok<{ id: string; plain_secret: string }>(
    'POST',
    `/v1/callback-secrets/${source.secretId}/rotations`,
  );
  await tenant.ok('PATCH', `/v1/callback-secrets/${rotated.id}`, { is_current: true });
  await makeDue(id);
  await eventually(() => expect(receiver.requests).toHaveLength(2));
  expect(receiver.requests.map(({ headers }) => headers['runflow-signature'])).toEqual([
    hexHmac(source.secret, body),
    hexHmac(rotated.plain_secret, body),
  ]);
});
