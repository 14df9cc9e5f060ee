import { eventually, hexHmac, KEY_SERVER, KeyServer, send, TestApp, type TestTenant } from '#testing';

const BODY = '{"a":1}';

let keyServer: KeyServer;
let app: TestApp;
let tenant: TestTenant;
let source: Awaited<ReturnType<TestTenant['source']>>;

beforeAll(async () => {
  keyServer = await KeyServer.start();
  const { token } = KEY_SERVER;
  app = await TestApp.start({
    settings: {
      masterKeys: undefined,
      keyProvider: 'vault',
      vault: { address: keyServer.url, token, namespace: undefined, keys: ['transit/callbox'] },
    },
  });
  tenant = await app.tenant();
  source = await tenant.source('callbox');
});
afterEach(() => {
  keyServer.mood = 'working';
});
afterAll(async () => {
  await app.stop();
  await keyServer.stop();
});

async function callback(signature = hexHmac(source.secret, BODY)): Promise<number> {
  const headers = { 'callbox-signature': signature };
  return (await send(source.url, { method: 'POST', headers, body: BODY })).status;
}

/** As after five minutes, or when some tenant has been erased: every data key is to be opened anew. */
async function forgetKeys(): Promise<void> {
  await app.database.pool.query(`select pg_notify('callbox_changes', '{"kind":"tenant","key":"another"}')`);
  // The notice comes when it comes; from then on a callback needs the service.
  const before = keyServer.asked.length;
  await eventually(async () => {
    await callback();
    if (keyServer.asked.length === before) throw new Error('the keys are still remembered');
  });
}

test('what is stored is under the key of the service', async () => {
  const { rows } = await app.database.pool.query<{ format: number }>(
    `select get_byte(wrapped_key, 0) as format from tenants
     union all select get_byte(wrapped_key, 0) from system_keys`,
  );
  expect(rows.length).toBeGreaterThanOrEqual(2);
  expect(rows.every(({ format }) => format === 2)).toBe(true);
  expect(await callback()).toBe(200);
});

test('while the service is away, what is remembered serves; what needs it is 503, and nothing of it is remembered', async () => {
  expect(await callback()).toBe(200);
  keyServer.mood = 'broken';
  expect(await callback()).toBe(200);
  const refused = await app.operator('POST', '/v1/tenants', { slug: 'made-in-vain' });
  expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(refused.headers['retry-after']).toBe('5');

  await forgetKeys();
  for (let index = 0; index < 3; index += 1) {
    expect(await callback()).toBe(503);
    expect(await callback('00'.repeat(32))).toBe(503);
  }
  const creation = { label: 'another', source: source.slug };
  expect(await tenant.call('POST', '/v1/callback-secrets', creation)).toMatchObject({
    status: 503,
    body: { code: 'unavailable' },
  });

  keyServer.mood = 'working';
  expect(await callback()).toBe(200);
  expect(await callback('00'.repeat(32))).toBe(401);
  expect(await tenant.call('POST', '/v1/callback-secrets', creation)).toMatchObject({ status: 201 });
  expect(await app.operator('POST', '/v1/tenants', { slug: 'made-in-vain' })).toMatchObject({ status: 201 });
}, 30_000);

test('a tenant’s key is asked for once, however many want it', async () => {
  const sources = await Promise.all(['a', 'b', 'c', 'd'].map((slug) => tenant.source('callbox', { slug })));
  const before = keyServer.unwraps;
  await forgetKeys();
  const headersFor = (secret: string) => ({ 'callbox-signature': hexHmac(secret, BODY) });
  const answers = await Promise.all(
    [...sources, ...sources, ...sources].map(({ url, secret }) =>
      send(url, { method: 'POST', headers: headersFor(secret), body: BODY }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(keyServer.unwraps).toBe(before + 1);
});

test('the log tells that the service fails and works again, and nothing secret', async () => {
  keyServer.mood = 'throttling';
  await app.operator('POST', '/v1/tenants', { slug: 'never' });
  keyServer.mood = 'working';
  await app.operator('POST', '/v1/tenants', { slug: 'now' });
  const lines = app.log.join('');
  expect(lines).toMatch(/"service":"Vault","reason":"throttled".*"key_service\.failing"/);
  expect(lines).toMatch(/"service":"Vault".*"key_service\.recovered"/);
  expect(lines).not.toContain(KEY_SERVER.token);
});
