import { Agent, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { type Answer, eventually, hexHmac, send, TestApp, type TestTenant } from '#testing';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await app.tenant();
});

type Source = Awaited<ReturnType<TestTenant['source']>>;
const RARE = { per_second: 0.01, burst: 3 };

const bodyOf = (run: string) => JSON.stringify({ event: 'run.completed', run_id: run });

function post({ url, secret }: Source, run: string, key = secret): Promise<Answer> {
  const body = bodyOf(run);
  return send(url, { method: 'POST', headers: { 'runflow-signature': hexHmac(key, body) }, body });
}

async function statusesOf(source: Source, count: number, key?: string): Promise<number[]> {
  const statuses: number[] = [];
  for (let number = 0; number < count; number += 1)
    statuses.push((await post(source, `run_${number}`, key)).status);
  return statuses;
}

async function storedRuns(): Promise<string[]> {
  const { data } = await tenant.ok<{ data: { run_id: string }[] }>('GET', '/v1/events?limit=250');
  return data.map(({ run_id }) => run_id);
}

describe('a source with a rate limit', () => {
  test('answers 429 beyond it, says when to come again, and stores nothing', async () => {
    const source = await tenant.source('runflow', { config: { rate_limit: RARE } });
    expect(await statusesOf(source, 3)).toEqual([200, 200, 200]);
    const refused = await post(source, 'too many');
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(90);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(100);
    expect(refused.body).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(await storedRuns()).not.toContain('too many');
  });

  test('lets others of the tenant be', async () => {
    const limited = await tenant.source('runflow', { config: { rate_limit: RARE } });
    const other = await tenant.source('runflow', { slug: 'other' });
    expect(await statusesOf(limited, 5)).toEqual([200, 200, 200, 429, 429]);
    expect(await statusesOf(other, 5)).toEqual([200, 200, 200, 200, 200]);
  });

  test('loses none of it to strangers who cannot sign', async () => {
    const source = await tenant.source('runflow', { config: { rate_limit: RARE } });
    expect(await statusesOf(source, 1)).toEqual([200]);
    expect(new Set(await statusesOf(source, 60, 'a secret of somebody else'))).toEqual(new Set([401]));
    expect(await statusesOf(source, 3)).toEqual([200, 200, 429]);
  });

  test('turns strangers away unread after many tries', async () => {
    const source = await tenant.source('runflow', { config: { rate_limit: RARE } });
    const statuses = await statusesOf(source, 40, 'a secret of somebody else');
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(statuses.slice(30)).toContain(429);
  });

  test('keeps the connection of whoever it turns away with a short body', async () => {
    const source = await tenant.source('runflow', { config: { rate_limit: { per_second: 0.01 } } });
    expect(await statusesOf(source, 1)).toEqual([200]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const reused: boolean[] = [];
    for (let number = 0; number < 3; number += 1) {
      const sent = request(source.url, { method: 'POST', agent });
      sent.end(bodyOf(`run_${number}`));
      const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
        sent.on('response', resolve).on('error', reject);
      });
      expect(response.statusCode).toBe(429);
      await json(response);
      reused.push(sent.reusedSocket);
    }
    agent.destroy();
    expect(reused).toEqual([false, true, true]);
  });

  test('takes a new limit within a second, and shows it', async () => {
    const source = await tenant.source('runflow', { config: { rate_limit: RARE } });
    expect(await statusesOf(source, 4)).toEqual([200, 200, 200, 429]);
    const limit = { per_second: 1_000, burst: 1_000 };
    const patched = await tenant.ok('PATCH', `/v1/sources/${source.id}`, { config: { rate_limit: limit } });
    expect(patched).toMatchObject({ config: { rate_limit: limit } });
    await eventually(async () => expect((await post(source, 'again')).status).toBe(200), 1_000);
  });

  test.each([{ per_second: 0 }, { per_second: '5' }, { burst: 3 }, { per_second: 1, window: 2 }])(
    'cannot have the limit %j',
    async (rate_limit) => {
      const answer = await tenant.call('POST', '/v1/sources', {
        slug: 'limited',
        provider: 'runflow',
        config: { rate_limit },
      });
      expect(answer).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
    },
  );
});

describe('a tenant with a rate limit', () => {
  test('has it over all its sources, from within a second of the operator’s word', async () => {
    const [first, second] = [
      await tenant.source('runflow'),
      await tenant.source('runflow', { slug: 'second' }),
    ];
    expect(await statusesOf(first, 3)).toEqual([200, 200, 200]);
    await app.operator('PATCH', `/v1/tenants/${tenant.id}`, { rate_limit: RARE });
    await eventually(async () => expect((await post(first, 'one of many')).status).toBe(429), 1_000);
    expect((await post(second, 'one of many')).status).toBe(429);
    const other = await app.tenant();
    expect(await statusesOf(await other.source('runflow'), 5)).toEqual([200, 200, 200, 200, 200]);
    await app.operator('PATCH', `/v1/tenants/${tenant.id}`, { rate_limit: null });
    await eventually(async () => expect((await post(second, 'again')).status).toBe(200), 1_000);
  });
});

describe('an installation with rate limits', () => {
  let limited: TestApp;
  beforeAll(async () => {
    limited = await TestApp.start({
      database: app.database,
      settings: { sourceRatePerSecond: 2, tenantRatePerSecond: 3, processes: 1 },
    });
  });
  afterAll(() => limited.stop());

  test('has them for every source and tenant that have none of their own', async () => {
    const sources = [
      await tenant.source('runflow', { slug: 'a' }),
      await tenant.source('runflow', { slug: 'b' }),
      await tenant.source('runflow', { slug: 'c' }),
    ].map((source) => ({ ...source, url: limited.url + new URL(source.url).pathname }));
    const accepted = await Promise.all(
      sources.map(async (source) => (await statusesOf(source, 10)).filter((status) => status === 200).length),
    );
    const sum = accepted.reduce((total, count) => total + count, 0);
    expect(Math.max(...accepted)).toBeLessThanOrEqual(4);
    expect(sum).toBeGreaterThanOrEqual(3);
    expect(sum).toBeLessThan(15);
    const told = (): unknown[] => limited.log.filter((line) => line.includes('callbacks.turned_away'));
    await eventually(() => expect(told().length).toBeGreaterThan(0));
  });
});
