import { Database, Overloaded } from '#database';
import { eventually, TestApp, type TestTenant } from '#testing';
import { LiveSources } from './live-sources.js';

let app: TestApp;
let live: LiveSources;
let tenant: TestTenant;
let asked: jest.SpyInstance;
beforeAll(async () => {
  app = await TestApp.start({ settings: { roles: ['inbox', 'api'] } });
  live = app.app.get(LiveSources, { strict: false });
});
afterAll(() => app.stop());
beforeEach(async () => {
  // Its own for each, also for one that is run again.
  tenant = await app.tenant();
  asked = jest.spyOn(app.app.get(Database), 'queryAcrossTenants');
});
afterEach(() => asked.mockRestore());

// On a machine that is too busy for a heartbeat in time everything is forgotten, as it must be: then these look again.
jest.retryTimes(3);

const find = async (slug: string) => live.findByUrlAcrossTenants(tenant.slug, slug);

/** How often a URL was looked up in the database since the test began. */
function lookUps(slug: string): number {
  return asked.mock.calls.filter(([, parameters]) => (parameters as unknown[]).flat().includes(slug)).length;
}

/** Changes something, and waits until this process has heard of it. */
async function change(slug: string): Promise<void> {
  await tenant.ok('PATCH', `/v1/sources/${slug}`, { config: { retention_days: 7 } });
  await eventually(async () => expect((await find(slug))?.config).toEqual({ retention_days: 7 }), 5_000);
}

let markers = 0;
/** Until this process has heard of all that was changed before: announcements come in order. */
async function allHeard(): Promise<void> {
  markers += 1;
  await tenant.source('runflow', { slug: `marker-${markers}` });
  await change(`marker-${markers}`);
}

describe('sources in memory', () => {
  test('are looked up once for all who ask at the same time, and not again', async () => {
    await tenant.source('runflow', { slug: 'busy' });
    await allHeard();
    const found = await Promise.all(Array.from({ length: 100 }, () => find('busy')));
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toMatchObject({ slug: 'busy', keys: [{ material: expect.anything() }] });
    expect(await find('busy')).toBe(found[0]);
    expect(lookUps('busy')).toBe(1);
  });

  test('are many to a statement, so that all those of an inbox that has just begun are a few statements', async () => {
    const slugs = Array.from({ length: 30 }, (_, index) => `one-of-many-${index}`);
    for (const slug of slugs) await tenant.source('runflow', { slug });
    await allHeard();
    asked.mockClear();
    const found = await Promise.all(slugs.map(find));
    expect(found.map((source) => source?.slug)).toEqual(slugs);
    expect(new Set(found.map((source) => source?.keys[0]?.id)).size).toBe(slugs.length);
    expect(asked.mock.calls.length).toBeLessThan(slugs.length / 2);
  });

  test('are still found after an upgrade, by another process, has added columns', async () => {
    const tables = ['tenants', 'sources', 'callback_secrets'];
    const alterAll = async (what: string) => {
      for (const table of tables) await app.database.pool.query(`alter table ${table} ${what}`);
    };
    for (const slug of ['before', 'after']) await tenant.source('runflow', { slug });
    await allHeard();
    expect(await find('before')).toMatchObject({ slug: 'before' });
    await alterAll('add column later integer');
    try {
      expect(await find('after')).toMatchObject({ slug: 'after', keys: [{ material: expect.anything() }] });
    } finally {
      await alterAll('drop column later');
    }
  });

  test('stay there when another one changes', async () => {
    await tenant.source('runflow', { slug: 'steady' });
    await tenant.source('runflow', { slug: 'changing' });
    await allHeard();
    const steady = await find('steady');
    await change('changing');
    expect(await find('steady')).toBe(steady);
  });

  test('are looked up anew when they change, and are gone when they are deleted', async () => {
    await tenant.source('runflow', { slug: 'leaving' });
    expect(await find('leaving')).not.toBeNull();
    await change('leaving');
    await tenant.ok('DELETE', '/v1/sources/leaving');
    await eventually(async () => expect(await find('leaving')).toBeNull(), 1_000);
  });
});

describe('URLs of no source', () => {
  test('are remembered, whatever else changes', async () => {
    await tenant.source('runflow', { slug: 'other' });
    expect(await find('nothing-there')).toBeNull();
    await change('other');
    expect(await find('nothing-there')).toBeNull();
    expect(lookUps('nothing-there')).toBe(1);
  });

  test('are found as soon as there is one', async () => {
    expect(await find('to-come')).toBeNull();
    await tenant.source('runflow', { slug: 'to-come' });
    await eventually(async () => expect(await find('to-come')).not.toBeNull(), 1_000);
  });

  test('are many to a statement, so that a flood of them is a few statements', async () => {
    const flood = Array.from({ length: 5_000 }, (_, index) => find(`made-up-${index}`));
    expect(new Set(await Promise.all(flood))).toEqual(new Set([null]));
    expect(lookUps('made-up-4999')).toBe(1);
    expect(asked.mock.calls.length).toBeLessThan(50);
  });

  test('do not keep real ones waiting that are looked up in the midst of them', async () => {
    await tenant.source('runflow', { slug: 'first-seen' });
    await allHeard();
    const flood = Array.from({ length: 3_000 }, (_, index) => find(`in-front-${index}`));
    const real = find('first-seen');
    const behind = Array.from({ length: 3_000 }, (_, index) => find(`behind-${index}`));
    expect(await real).toMatchObject({ slug: 'first-seen', keys: [{ material: expect.anything() }] });
    await Promise.all([...flood, ...behind]);
  });

  test('cannot line up without end, nor push out what is there', async () => {
    await tenant.source('runflow', { slug: 'real' });
    await allHeard();
    const real = await find('real');
    const flood = await Promise.allSettled(
      Array.from({ length: 15_000 }, (_, index) => find(`without-end-${index}`)),
    );
    // What is beyond the limit, at once. On a slow machine some of those in line wait for too long, which is another error.
    const refused = flood.filter((one) => one.status === 'rejected' && one.reason instanceof Overloaded);
    expect(refused.length).toBeGreaterThanOrEqual(5_000);
    expect(await find('real')).toBe(real);
    expect(lookUps('real')).toBe(1);
  });
});
