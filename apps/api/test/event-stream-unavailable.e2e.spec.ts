import { eventually, TestApp, type TestTenant } from '#testing';
import { TcpProxy } from '../../inbox/test/tcp-proxy.fixture.js';
import { post, SseClient } from './sse.fixture.js';

let app: TestApp;
let behindProxy: TestApp;
let proxy: TcpProxy;
let tenant: TestTenant;
let source: Awaited<ReturnType<TestTenant['source']>>;
let stream: SseClient;
beforeAll(async () => {
  app = await TestApp.start();
  proxy = await TcpProxy.start(app.database.url);
  behindProxy = await TestApp.start({
    database: app.database,
    settings: { databaseUrl: proxy.url, roles: ['api'] },
  });
});
beforeEach(async () => {
  tenant = await app.tenant();
  source = await tenant.source('callbox', { slug: 'orders' });
  stream = await SseClient.open(behindProxy.url, tenant.adminKey);
});
afterEach(() => stream.close());
afterAll(async () => {
  await behindProxy.stop();
  await proxy.stop();
  await app.stop();
});

test.each(['cut', 'freeze'] as const)(
  'a stream stays where it is while the database is away (%s), and goes on',
  async (fault) => {
    const before = await post(source, 2, 1);
    await stream.things(2);
    proxy[fault]();
    const meanwhile = await post(source, 3, 1);
    await eventually(() => expect(behindProxy.log.join('')).toContain('streams.not_moved_on'), 15_000);
    proxy.heal();
    expect(await stream.things(5, 20_000)).toEqual([...before, ...meanwhile]);
    expect(stream.isEnded).toBe(false);
    behindProxy.log.length = 0;
  },
  60_000,
);

test('nothing is given to a key that was deleted while that could not be found out', async () => {
  const { id, plain_key: key } = await tenant.ok<{ id: string; plain_key: string }>('POST', '/v1/api-keys', {
    name: 'doomed',
    role: 'viewer',
  });
  const doomed = await SseClient.open(behindProxy.url, key);
  await stream.things(0);
  proxy.cut();
  await tenant.ok('DELETE', `/v1/api-keys/${id}`);
  await eventually(() => expect(behindProxy.log.join('')).toContain('streams.not_moved_on'), 15_000);
  const [event] = await post(source);
  proxy.heal();
  expect(await stream.things(1, 20_000)).toEqual([event]);
  await eventually(() => expect(doomed.isEnded).toBe(true));
  expect(doomed.messages).toEqual([]);
}, 60_000);
