import { send, TestApp, type TestTenant } from '#testing';
import { operations, routeRules, type RouteRule } from './routes.fixture.js';
import { buildWorld, type World } from './world.fixture.js';

const NOBODYS_ID = '01KAQ3ZX9B7T4N2M8V5C6D1E0F';
const rank = ['viewer', 'developer', 'admin'] as const;

let app: TestApp;
let world: World;
let stranger: TestTenant;
beforeAll(async () => {
  // So that the wrong keys of these tests come from many addresses, and none of them is taken for guessing.
  app = await TestApp.start({ settings: { trustedProxies: ['127.0.0.1/32'] } });
  world = await buildWorld(app);
  stranger = await app.tenant();
});
afterAll(async () => {
  await world.receiver.stop();
  await app.stop();
});

test('every documented operation has a rule, and every rule an operation', () => {
  expect(operations.map(([route]) => route).sort()).toEqual(Object.keys(routeRules).sort());
});

const managed = Object.entries(routeRules).filter(([, { access }]) => access !== 'public');
const ofTenants = managed.filter(([, { access }]) => access !== 'operator');

let calls = 0;

/** Calls a route with an id in its place. */
function call(route: string, rule: RouteRule, id: string, key?: string) {
  calls += 1;
  const [method = '', path = ''] = route.split(' ');
  return send(app.url + path.replace(/\{\w+\}/, encodeURIComponent(id)), {
    method,
    headers: {
      'x-forwarded-for': `198.51.100.${calls % 250}`,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(rule.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(rule.body === undefined ? {} : { body: JSON.stringify(rule.body) }),
  });
}

describe.each(managed)('%s', (route, rule) => {
  test('lets nobody in without a key, with a wrong one or with another scheme', async () => {
    const wrongKey = `cbk_${'x'.repeat(49)}`;
    for (const key of [undefined, wrongKey, '', world.tenant.id]) {
      const answer = await call(route, rule, NOBODYS_ID, key);
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
  });
});

describe.each(ofTenants)('%s', (route, rule) => {
  test.each(rank)('asks %s for its role', async (role) => {
    // A stream is answered the same to HEAD, and that has an end.
    const asked = rule.isStream === true ? route.replace(/^GET/, 'HEAD') : route;
    const answer = await call(asked, rule, NOBODYS_ID, await keyOf(role));
    const isAllowed = rank.indexOf(role) >= rank.indexOf(rule.access as (typeof rank)[number]);
    if (isAllowed) expect([401, 403]).not.toContain(answer.status);
    else expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  test('is not for the operator key', async () => {
    expect((await call(route, rule, NOBODYS_ID, app.settings.operatorKey)).status).toBe(401);
  });
});

describe('an API key of a tenant', () => {
  test.each(managed.filter(([, { access }]) => access === 'operator'))(
    'does not open %s',
    async (route, rule) => {
      expect((await call(route, rule, world.ids.tenant, world.tenant.adminKey)).status).toBe(401);
    },
  );
});

describe("another tenant's admin key", () => {
  test.each(ofTenants.filter(([, { id }]) => id !== undefined))(
    'finds nothing by %s, and changes nothing',
    async (route, rule) => {
      const before = await rowsOf(world.tenant.id);
      const id = world.ids[rule.id ?? 'source'];
      expect(await call(route, rule, id, stranger.adminKey)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
      expect(await rowsOf(world.tenant.id)).toEqual(before);
    },
  );

  test('sees nothing of it in lists, filters and errors', async () => {
    const { source, destination, event, run, callback_secret: secret } = world.ids;
    const lists = ofTenants
      .filter(([route, { isStream }]) => /^GET [^{]+$/.test(route) && isStream !== true)
      .map(([route]) => route.slice(4));
    const filters = [
      `/v1/events?source=${source}`,
      `/v1/events?source=${world.canary}`,
      `/v1/events?run_id=${run}`,
      `/v1/events?q=${event}`,
      `/v1/events?q=${world.canary}`,
      `/v1/callback-secrets?source=${source}`,
      `/v1/deliveries?event_id=${event}`,
      `/v1/deliveries?destination=${destination}`,
    ];
    for (const path of [...lists, ...filters]) {
      const answer = await stranger.call('GET', path);
      expect([path, answer.status]).toEqual([path, 200]);
      const text = answer.bytes.toString('utf8');
      for (const mark of [world.canary, source, destination, event, secret])
        expect([path, text.includes(mark)]).toEqual([path, false]);
    }
  });

  test('cannot attach its own things to it', async () => {
    const { source, destination } = world.ids;
    const attempts = [
      ['/v1/callback-secrets', { label: 'mine', source }, 'source_not_found'],
      ['/v1/callback-secrets', { label: 'mine', source: world.canary }, 'source_not_found'],
      ['/v1/destinations', { name: 'mine', url: world.receiver.url, sources: [source] }, 'source_not_found'],
      ['/v1/redeliveries', { filter: {}, destination }, 'destination_not_found'],
    ] as const;
    const before = await rowsOf(world.tenant.id);
    for (const [path, body, code] of attempts)
      expect(await stranger.call('POST', path, body)).toMatchObject({ status: 422, body: { code } });
    expect(await rowsOf(world.tenant.id)).toEqual(before);
  });
});

const keys = new Map<string, Promise<string>>();
function keyOf(role: (typeof rank)[number]): Promise<string> {
  const key = keys.get(role) ?? stranger.key(role);
  keys.set(role, key);
  return key;
}

/** A fingerprint of every table's rows of a tenant. */
async function rowsOf(tenantId: string): Promise<Record<string, string>> {
  const { rows: tables } = await app.database.pool.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  );
  const prints: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await app.database.pool.query<{ print: string }>(
      `select coalesce(string_agg(t::text, '|' order by t::text), '') as print from ${name} t
       where tenant_id = $1`,
      [uuidOf(tenantId)],
    );
    prints[name] = rows[0]?.print ?? '';
  }
  return prints;
}

function uuidOf(ulid: string): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const value = [...ulid].reduce((sum, character) => sum * 32n + BigInt(alphabet.indexOf(character)), 0n);
  return value.toString(16).padStart(32, '0');
}
