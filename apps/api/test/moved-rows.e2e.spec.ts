import { createHmac } from 'node:crypto';
import { send, TestApp, type TestTenant } from '#testing';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const sql = async <Row extends object>(text: string, ...parameters: unknown[]) =>
  (await app.database.pool.query<Row>(text, parameters)).rows;

/** What an owner of the database does by hand is not announced to the inbox, so the test does. */
async function reload(): Promise<void> {
  await sql(`select pg_notify('callbox_changes', '{"kind":"tenant","key":"x"}')`);
  await sql(`select pg_sleep(0.1)`);
}

const idOf = async (tenant: TestTenant) =>
  (await sql<{ id: string }>('select id from tenants where slug = $1', tenant.slug))[0]?.id;

/** Exchanges a column of two rows of a table that are told by `where`. */
async function swap(table: string, column: string, where: string, [one, two]: readonly [unknown, unknown]) {
  await sql(
    `update ${table} t set ${column} = other.${column} from ${table} other
     where t.${where} in ($1, $2) and other.${where} in ($1, $2) and t.${where} <> other.${where}`,
    one,
    two,
  );
  await reload();
}

const statusOf = async (tenant: TestTenant, key: string) =>
  (await tenant.call('GET', '/v1/sources', undefined, key)).status;

describe('an API key', () => {
  test('whose hash was moved to the key of another tenant lets nobody in', async () => {
    const [mine, yours] = [await app.tenant(), await app.tenant()];
    const [my, your] = [await idOf(mine), await idOf(yours)];
    for (const columns of ['tenant_id, api_key_id', 'tenant_id, api_key_id, seal']) {
      const rows = await sql<{ key_hash: Buffer; tenant_id: string; api_key_id: string; seal: Buffer }>(
        'delete from api_key_directory where tenant_id in ($1, $2) returning *',
        my,
        your,
      );
      for (const [index, row] of rows.entries()) {
        const other = rows[1 - index] ?? row;
        const seal = columns.includes('seal') ? row.seal : other.seal;
        await sql(
          'insert into api_key_directory (key_hash, tenant_id, api_key_id, seal) values ($1, $2, $3, $4)',
          row.key_hash,
          other.tenant_id,
          other.api_key_id,
          seal,
        );
      }
      expect([await statusOf(mine, mine.adminKey), await statusOf(yours, yours.adminKey)]).toEqual([
        401, 401,
      ]);
      await sql('delete from api_key_directory where tenant_id in ($1, $2)', my, your);
      for (const { key_hash, tenant_id, api_key_id, seal } of rows)
        await sql(
          'insert into api_key_directory (key_hash, tenant_id, api_key_id, seal) values ($1, $2, $3, $4)',
          key_hash,
          tenant_id,
          api_key_id,
          seal,
        );
      expect([await statusOf(mine, mine.adminKey), await statusOf(yours, yours.adminKey)]).toEqual([
        200, 200,
      ]);
    }
  });

  test('that was moved whole, with its id, into another tenant lets nobody in', async () => {
    const [mine, yours] = [await app.tenant(), await app.tenant()];
    const [my, your] = [await idOf(mine), await idOf(yours)];
    await sql(
      `with moved as (delete from api_key_directory where tenant_id = $1 returning *), made as (
         insert into api_keys (tenant_id, id, name, role, hint, created_at)
         select $2, id, name, role, hint, created_at from api_keys where tenant_id = $1
       ) insert into api_key_directory (key_hash, tenant_id, api_key_id, seal)
         select key_hash, $2, api_key_id, seal from moved`,
      my,
      your,
    );
    expect(await statusOf(mine, mine.adminKey)).toBe(401);
    expect(await statusOf(yours, yours.adminKey)).toBe(200);
  });

  test('whose role was raised in the database lets nobody in', async () => {
    const tenant = await app.tenant();
    const viewer = await tenant.key('viewer');
    await sql(
      `update api_keys set role = 'admin' where name = 'viewer' and tenant_id = $1`,
      await idOf(tenant),
    );
    expect(await statusOf(tenant, viewer)).toBe(401);
  });
});

describe('a compared secret', () => {
  test.each([
    ['imported', (index: number) => ({ plainSecret: `a-token-of-their-own-${index}` })],
    ['generated', () => ({})],
  ])(
    '(%s) whose stored form was moved fits nowhere, also where it has been proven before',
    async (_how, given) => {
      const [mine, yours] = [await app.tenant(), await app.tenant()];
      const sources = [
        await mine.source('bearer', { slug: 'one', ...given(1) }),
        await mine.source('bearer', { slug: 'two', ...given(2) }),
        await yours.source('bearer', { slug: 'three', ...given(3) }),
      ];
      const [one, two, three] = sources;
      const post = async (url = '', token = '') =>
        (await send(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' }))
          .status;
      for (const { url, secret } of sources) expect(await post(url, secret)).toBe(200);
      const ids = await sql<{ id: string }>(
        'select id from callback_secrets where verifier is not null order by id desc limit 3',
      );
      const [third, second, first] = ids.map(({ id }) => id);
      for (const [other, place] of [
        [two, second],
        [three, third],
      ] as const) {
        await swap('callback_secrets', 'verifier', 'id', [first, place]);
        expect([await post(other?.url, one?.secret), await post(one?.url, other?.secret)]).toEqual([
          401, 401,
        ]);
        expect([await post(one?.url, one?.secret), await post(other?.url, other?.secret)]).toEqual([
          401, 401,
        ]);
        await swap('callback_secrets', 'verifier', 'id', [first, place]);
        expect([await post(one?.url, one?.secret), await post(other?.url, other?.secret)]).toEqual([
          200, 200,
        ]);
      }
    },
  );

  test('whose stored form was put in the place of an API key’s hash is no API key', async () => {
    const tenant = await app.tenant();
    const { secret } = await tenant.source('bearer');
    await sql(
      `update api_key_directory d set key_hash = v.digest, seal = v.digest
       from (
         select tenant_id, decode(substring(verifier from 13), 'base64') as digest
         from callback_secrets where verifier like 'hmac-sha256:%'
       ) v
       where v.tenant_id = d.tenant_id and d.tenant_id = $1`,
      await idOf(tenant),
    );
    expect(await statusOf(tenant, secret)).toBe(401);
  });
});

test('ciphertexts and data keys that were moved are answered 503 and leave other tenants alone', async () => {
  const [mine, yours, third] = [await app.tenant(), await app.tenant(), await app.tenant()];
  const sources = [
    await mine.source('callbox'),
    await yours.source('callbox'),
    await third.source('callbox'),
  ] as const;
  const [a, b] = sources;
  const sign = async ({ url }: typeof a, { secret }: typeof a) =>
    (
      await send(url, {
        method: 'POST',
        headers: { 'callbox-signature': createHmac('sha256', secret).update('{}').digest('hex') },
        body: '{}',
      })
    ).status;
  const all = () =>
    Promise.all([sign(a, a), sign(a, b), sign(b, b), sign(b, a), sign(sources[2], sources[2])]);
  const ids = await sql<{ id: string }>('select id from callback_secrets order by id desc limit 3');
  const tenants = [await idOf(mine), await idOf(yours)] as const;
  expect(await all()).toEqual([200, 401, 200, 401, 200]);
  for (const [table, column, places] of [
    ['callback_secrets', 'ciphertext', [ids[2]?.id, ids[1]?.id]],
    ['tenants', 'wrapped_key', tenants],
  ] as const) {
    await swap(table, column, 'id', places);
    expect(await all()).toEqual([503, 503, 503, 503, 200]);
    await swap(table, column, 'id', places);
    expect(await all()).toEqual([200, 401, 200, 401, 200]);
  }
});
