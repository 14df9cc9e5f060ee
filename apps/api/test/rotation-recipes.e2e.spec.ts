import { randomBytes } from 'node:crypto';
import { Receiver as QstashReceiver } from '@upstash/qstash';
import { Webhook } from 'standardwebhooks';
import { eventually, hexHmac, qstashToken, Receiver, send, TestApp, type TestTenant } from '#testing';
import { hasShellAndCurl, ProviderApi, recipe, run } from './recipe.fixture.js';
import { Stream } from './stream.fixture.js';

interface Listed {
  readonly label: string;
  readonly is_current: boolean;
  readonly verified_count: number;
}

const TOKEN = 'token-of-the-api-of-the-provider';

let app: TestApp;
let second: TestApp;
let receiver: Receiver;
let stopping: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  app = await TestApp.start();
  second = await TestApp.start({
    database: app.database,
    settings: { roles: ['inbox'], publicUrl: app.url },
  });
});
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  await Promise.all(stopping.map((stop) => stop()));
  stopping = [];
  await receiver.stop();
});
afterAll(async () => {
  await second.stop();
  await app.stop();
});

async function providerApi(...[answer]: [Parameters<typeof ProviderApi.start>[1]]): Promise<string> {
  const api = await ProviderApi.start(TOKEN, answer);
  stopping.push(() => api.stop());
  return api.url;
}

/** A provider that posts to both processes, to each as if it were the only one. */
function startStreams(callOnce: (baseUrl: string) => Promise<{ readonly status: number }>) {
  const streams = [app, second].map(({ url }) => Stream.start(() => callOnce(url)));
  stopping.push(...streams.map((stream) => () => stream.stop()));
  return {
    next: (count: number) => Promise.all(streams.map((stream) => stream.next(count))),
    /** The statuses that were answered by either. */
    stop: async () => [...new Set((await Promise.all(streams.map((stream) => stream.stop()))).flat())],
  };
}

const secretsOf = async (tenant: TestTenant, source: string) =>
  (await tenant.ok<{ data: Listed[] }>('GET', `/v1/callback-secrets?source=${source}`)).data;

function values(tenant: TestTenant, more: Readonly<Record<string, string>>) {
  return { CALLBOX: app.url, KEY: tenant.adminKey, ...more };
}

/** Waits until everything that has come has been delivered; gives it back. */
async function deliveredSince(from: number, atLeast: number) {
  await eventually(() => expect(receiver.requests.length - from).toBeGreaterThanOrEqual(atLeast));
  return receiver.requests.slice(from);
}

/** Orders the oldest event again and waits for it. */
async function redeliverOne(tenant: TestTenant) {
  const { data } = await tenant.ok<{ data: { id: string; received_at: string }[] }>(
    'GET',
    '/v1/events?limit=250',
  );
  const id = data.at(-1)?.id ?? '';
  const redelivery = await tenant.ok<{ deliveries: { id: string }[] }>(
    'POST',
    `/v1/events/${id}/redeliveries`,
  );
  const deliveryId = redelivery.deliveries[0]?.id ?? '';
  return eventually(() => {
    const found = receiver.requests.find(({ headers }) => headers['callbox-delivery-id'] === deliveryId);
    if (found === undefined) throw new Error('not redelivered yet');
    return found;
  });
}

(hasShellAndCurl ? describe : describe.skip)('the recipe for rotating without a gap', () => {
  test('of QStash works as written: rolled twice, not one callback is refused', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/destinations', { name: 'app', url: receiver.url });
    const madeKeys: string[] = [];
    const newKey = () => {
      madeKeys.push(`sig_${randomBytes(15).toString('base64url')}`);
      return madeKeys.at(-1) ?? '';
    };
    let keys = { current: newKey(), next: newKey() };
    const roll = () => (keys = { current: keys.next, next: newKey() });
    const path = `/in/${tenant.slug}/qstash`;
    const callOnce = (baseUrl: string) => {
      const body = `{"id":"${randomBytes(8).toString('hex')}"}`;
      // Signed for the URL that QStash was told, whichever process it reaches.
      const signature = qstashToken(keys.current, { url: app.url + path, body });
      return send(baseUrl + path, { method: 'POST', headers: { 'upstash-signature': signature }, body });
    };
    let streams: ReturnType<typeof startStreams> | undefined;
    const url = await providerApi(async ({ route }) => {
      if (route === 'GET /v2/keys') return keys;
      if (route !== 'POST /v2/keys/rotate') throw new Error(route);
      streams = startStreams(callOnce);
      await streams.next(15);
      return roll();
    });

    const output = await run(recipe('QStash'), values(tenant, { QSTASH_URL: url, QSTASH_TOKEN: TOKEN }));
    expect(output).not.toContain('"code"');
    await streams?.next(15);
    expect(await secretsOf(tenant, 'qstash')).toMatchObject([
      { label: 'key C', is_current: false, verified_count: 0 },
      { label: 'key B', is_current: true },
    ]);
    const [a = '', b = '', c = ''] = madeKeys;
    const knows = (current: string, next: string) =>
      new QstashReceiver({ currentSigningKey: current, nextSigningKey: next });
    const signature = (request: { headers: Readonly<Record<string, unknown>> }) =>
      String(request.headers['upstash-signature']);
    for (const request of await deliveredSince(0, 60))
      await knows(a, b).verify({ signature: signature(request), body: request.body.toString() });
    const again = await redeliverOne(tenant);
    for (const receiverOfApp of [knows(a, b), knows(b, c)])
      await receiverOfApp.verify({ signature: signature(again), body: again.body.toString() });

    roll();
    await streams?.next(15);
    expect(await streams?.stop()).toEqual([200]);
    expect(await secretsOf(tenant, 'qstash')).toMatchObject([{ label: 'key C', is_current: true }, {}]);
    const afterSecondRoll = await redeliverOne(tenant);
    await knows(c, 'unknown').verify({
      signature: signature(afterSecondRoll),
      body: afterSecondRoll.body.toString(),
    });
  }, 60_000);

  test('of Runflow works as written: not one callback is refused, retries signed with the first included', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/destinations', { name: 'app', url: receiver.url });
    const secrets: { id: string; label: unknown; plain_secret: string }[] = [];
    let current = 0;
    let retries = 0;
    const callOnce = (baseUrl: string) => {
      const body = `{"event":"run.completed","run_id":"run_${randomBytes(8).toString('hex')}"}`;
      const isRetry = retries > 0;
      if (isRetry) retries -= 1;
      const key = secrets[isRetry ? 0 : current]?.plain_secret ?? '';
      const headers = { 'runflow-signature': hexHmac(key, body) };
      return send(`${baseUrl}/in/${tenant.slug}/runflow`, { method: 'POST', headers, body });
    };
    let streams: ReturnType<typeof startStreams> | undefined;
    const url = await providerApi(async ({ route, body }) => {
      if (route === 'POST /v1/callback-secrets') {
        const plain_secret = `whsec_${randomBytes(32).toString('base64')}`;
        const secret = { id: `01J${secrets.length}`, label: body['label'], plain_secret };
        secrets.push(secret);
        return secret;
      }
      if (route !== `PATCH /v1/callback-secrets/${secrets[1]?.id ?? ''}`) throw new Error(route);
      expect(body).toEqual({ is_current: true });
      streams = startStreams(callOnce);
      await streams.next(15);
      [current, retries] = [1, 4];
      return {};
    });

    const output = await run(recipe('Runflow'), values(tenant, { RUNFLOW: url, RUNFLOW_KEY: TOKEN }));
    expect(output).not.toContain('"code"');
    await streams?.next(15);
    expect(await streams?.stop()).toEqual([200]);
    expect(await secretsOf(tenant, 'runflow')).toMatchObject([{ label: 'second', is_current: true }]);
    const [first = '', successor = ''] = secrets.map(({ plain_secret: plain }) => plain);
    const signedWith = (await deliveredSince(0, 60)).map(({ headers, body }) =>
      [first, successor].findIndex((key) => hexHmac(key, body) === headers['runflow-signature']),
    );
    expect(new Set(signedWith)).toEqual(new Set([0, 1]));
    const again = await redeliverOne(tenant);
    expect(again.headers['runflow-signature']).toBe(hexHmac(successor, again.body));
  }, 60_000);

  test('of Standard Webhooks works as written, in both directions: no callback and no delivery is refused', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/destinations', { name: 'native', url: `${receiver.url}/native` });
    const made: string[] = [];
    const newKey = () => {
      made.push(`whsec_${randomBytes(24).toString('base64')}`);
      return made.at(-1) ?? '';
    };
    let signing = [newKey()];
    const callOnce = (baseUrl: string) => {
      const id = `msg_${randomBytes(8).toString('hex')}`;
      const body = `{"type":"invoice.paid","id":"${id}"}`;
      const now = new Date();
      const headers = {
        'svix-id': id,
        'svix-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'svix-signature': signing.map((key) => new Webhook(key).sign(id, now, body)).join(' '),
      };
      return send(`${baseUrl}/in/${tenant.slug}/svix`, { method: 'POST', headers, body });
    };
    let streams: ReturnType<typeof startStreams> | undefined;
    const url = await providerApi(async ({ route, body }) => {
      if (route === 'GET /endpoint/secret') return { key: made.at(-1) };
      if (route !== 'POST /endpoint/secret/rotate') throw new Error(route);
      expect(body).toEqual({ gracePeriodSeconds: 86_400 });
      streams = startStreams(callOnce);
      await streams.next(15);
      signing = [newKey(), ...signing];
      await streams.next(15);
      return null;
    });

    const output = await run(
      recipe('Standard Webhooks'),
      values(tenant, {
        SVIX_URL: url,
        SVIX_TOKEN: TOKEN,
        ENDPOINT: '/endpoint',
        APP: `${receiver.url}/own`,
      }),
    );
    expect(output).not.toContain('"code"');
    const before = receiver.requests.length;
    await streams?.next(15);
    // The sender's grace period ends.
    signing = signing.slice(0, 1);
    await streams?.next(15);
    expect(await streams?.stop()).toEqual([200]);
    expect(await secretsOf(tenant, 'svix')).toMatchObject([{ label: 'second', is_current: true }]);

    const [old = '', successor = ''] = made;
    const native = (await deliveredSince(0, before + 60)).filter(({ path }) => path === '/native');
    const judged = native.map((request) => [old, successor].filter((key) => accepts(key, request)).length);
    expect(judged.every((fitting) => fitting > 0)).toBe(true);
    expect(judged.filter((fitting) => fitting === 2).length).toBeGreaterThan(0);
    expect(native.slice(-5).map((request) => [accepts(old, request), accepts(successor, request)])).toEqual(
      Array(5).fill([false, true]),
    );
    const own = receiver.requests.findLast(({ path }) => path === '/own');
    const signingSecret = /^whsec_\S+$/m.exec(output)?.[0] ?? '';
    expect(String(own?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    expect(own !== undefined && accepts(signingSecret, own)).toBe(true);
  }, 60_000);
});

/** Whether an app with the reference library and this secret takes a delivery. */
function accepts(secret: string, { headers, body }: Receiver['requests'][number]): boolean {
  const named = (name: string) => String(headers[`webhook-${name}`] ?? headers[`svix-${name}`]);
  try {
    new Webhook(secret).verify(body, {
      'webhook-id': named('id'),
      'webhook-timestamp': named('timestamp'),
      'webhook-signature': named('signature'),
    });
    return true;
  } catch {
    return false;
  }
}
