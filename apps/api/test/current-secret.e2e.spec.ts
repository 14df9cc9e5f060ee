import { eventually, hexHmac, Receiver, send, TestApp, type TestTenant } from '#testing';

interface Secret {
  readonly id: string;
  readonly label: string;
  readonly plain_secret: string;
  readonly is_current: boolean;
}

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

let count = 0;
/** Sends a callback that was never sent before, until it is let in. */
function use(tenant: TestTenant, { plain_secret: secret }: Secret): Promise<{ body: string }> {
  return eventually(async () => {
    const body = `{"count":${(count += 1)}}`;
    const headers = { 'callbox-signature': hexHmac(secret, body) };
    const { status } = await send(`${app.url}/in/${tenant.slug}/default`, { method: 'POST', headers, body });
    expect(status).toBe(200);
    return { body };
  }, 2_000);
}
const make = (tenant: TestTenant, label: string, more: object = {}) =>
  tenant.ok<Secret>('POST', '/v1/callback-secrets', { label, ...more });
const soon = (milliseconds: number) => ({ expires_at: new Date(Date.now() + milliseconds).toISOString() });

/** Labels of the secrets that are current: never more than one. */
async function current(tenant: TestTenant): Promise<string[]> {
  const { data } = await tenant.ok<{ data: Secret[] }>('GET', '/v1/callback-secrets');
  return data.filter(({ is_current: isCurrent }) => isCurrent).map(({ label }) => label);
}

describe('the current secret of a source', () => {
  test('is the first one, also of two that are made at once', async () => {
    const tenant = await app.tenant();
    const made = await Promise.all(['a', 'b', 'c'].map((label) => make(tenant, label)));
    expect(made.filter(({ is_current: isCurrent }) => isCurrent)).toHaveLength(1);
    expect(await current(tenant)).toHaveLength(1);
  });

  test('stays while newer ones are only made', async () => {
    const tenant = await app.tenant();
    await make(tenant, 'a');
    expect(await make(tenant, 'b')).toMatchObject({ is_current: false });
    expect(await current(tenant)).toEqual(['a']);
  });

  test('becomes a newer one when that first verifies a callback, and only then', async () => {
    const tenant = await app.tenant();
    const [a, b] = [await make(tenant, 'a'), await make(tenant, 'b')];
    await use(tenant, a);
    expect(await current(tenant)).toEqual(['a']);
    await use(tenant, b);
    expect(await current(tenant)).toEqual(['b']);
    await use(tenant, a);
    expect(await current(tenant)).toEqual(['b']);
  });

  test('does not become an older one that verifies for the first time', async () => {
    const tenant = await app.tenant();
    const [a, b] = [await make(tenant, 'a'), await make(tenant, 'b')];
    await use(tenant, b);
    await use(tenant, a);
    expect(await current(tenant)).toEqual(['b']);
  });

  test('can be chosen, and a second use of another one does not change the choice', async () => {
    const tenant = await app.tenant();
    const [a, b] = [await make(tenant, 'a'), await make(tenant, 'b')];
    await use(tenant, b);
    expect(await tenant.ok('PATCH', `/v1/callback-secrets/${a.id}`, { is_current: true })).toMatchObject({
      is_current: true,
    });
    await use(tenant, b);
    expect(await current(tenant)).toEqual(['a']);
    expect((await tenant.call('PATCH', `/v1/callback-secrets/${a.id}`, { is_current: false })).status).toBe(
      400,
    );
  });

  test('becomes the newest one when it is deleted, which a still newer one does not undo', async () => {
    const tenant = await app.tenant();
    const a = await make(tenant, 'a');
    await make(tenant, 'b');
    await make(tenant, 'c');
    await tenant.ok('DELETE', `/v1/callback-secrets/${a.id}`);
    expect(await current(tenant)).toEqual(['c']);
    expect(await make(tenant, 'd')).toMatchObject({ is_current: false });
    expect(await current(tenant)).toEqual(['c']);
  });

  test('becomes the newest one when it expires, which neither a newer one nor a longer life undoes', async () => {
    const tenant = await app.tenant();
    const a = await make(tenant, 'a', soon(700));
    await make(tenant, 'b');
    await eventually(async () => expect(await current(tenant)).toEqual(['b']), 3_000);
    expect(await make(tenant, 'c')).toMatchObject({ is_current: false });
    expect(await tenant.call('PATCH', `/v1/callback-secrets/${a.id}`, { is_current: true })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    await tenant.ok('PATCH', `/v1/callback-secrets/${a.id}`, { expires_at: null });
    expect(await current(tenant)).toEqual(['b']);
  });

  test('of an expired only one is nobody, until a new one is made', async () => {
    const tenant = await app.tenant();
    await make(tenant, 'a', soon(500));
    await eventually(async () => expect(await current(tenant)).toEqual([]), 3_000);
    expect(await make(tenant, 'b')).toMatchObject({ is_current: true });
  });

  test('signs deliveries: the successor does from its very first callback on', async () => {
    const tenant = await app.tenant();
    const receiver = await Receiver.start();
    try {
      const old = await make(tenant, 'a');
      await tenant.ok('POST', '/v1/destinations', { name: 'app', url: receiver.url });
      const successor = await tenant.ok<Secret>('POST', `/v1/callback-secrets/${old.id}/rotations`);
      const first = await use(tenant, old);
      await eventually(() => expect(receiver.requests).toHaveLength(1));
      expect(receiver.requests[0]?.headers['callbox-signature']).toBe(hexHmac(old.plain_secret, first.body));
      const second = await use(tenant, successor);
      await eventually(() => expect(receiver.requests).toHaveLength(2));
      expect(receiver.requests[1]?.headers['callbox-signature']).toBe(
        hexHmac(successor.plain_secret, second.body),
      );
      const { data } = await tenant.ok<{ data: { id: string }[] }>('GET', '/v1/events');
      await tenant.ok('POST', `/v1/events/${data[1]?.id ?? ''}/redeliveries`);
      await eventually(() => expect(receiver.requests).toHaveLength(3));
      expect(receiver.requests[2]?.body.toString()).toBe(first.body);
      expect(receiver.requests[2]?.headers['callbox-signature']).toBe(
        hexHmac(successor.plain_secret, first.body),
      );
    } finally {
      await receiver.stop();
    }
  });
});
