import { eventually, TestApp, type TestTenant } from '#testing';

interface Row {
  readonly id: string;
  readonly sequence: number;
  readonly action: string;
  readonly occurred_at: string;
  readonly actor: { readonly type: string; readonly id: string | null; readonly name: string | null };
  readonly target: { readonly type: string; readonly id: string | null; readonly name: string | null };
  readonly remote_ip: string | null;
  readonly request_id: string | null;
  readonly details: Record<string, unknown>;
  readonly hash: string;
  readonly previous_hash: string;
}

interface Verification {
  readonly valid: boolean;
  readonly checked: number;
  readonly head: { readonly sequence: number; readonly hash: string } | null;
  readonly faults: readonly { kind: string; sequence: number; last_sequence: number; id: string | null }[];
}

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const rowsOf = async (tenant: TestTenant, query = '') =>
  (await tenant.ok<{ data: Row[] }>('GET', `/v1/audit-log?limit=250${query}`)).data;
const verify = (tenant: TestTenant, query = '') =>
  tenant.ok<Verification>('GET', `/v1/audit-log/verification${query}`);
const actionsOf = async (tenant: TestTenant, query = '') =>
  (await rowsOf(tenant, query)).map(({ action }) => action).reverse();

/** A tenant in whose name something of everything has been done. */
async function busyTenant() {
  const tenant = await app.tenant();
  const source = await tenant.source('callbox', { slug: 'orders' });
  await tenant.ok('PATCH', '/v1/sources/orders', { name: 'Orders', config: { tolerance_seconds: 60 } });
  const rotated = await tenant.ok<{ id: string; plain_secret: string }>(
    'POST',
    `/v1/callback-secrets/${source.secretId}/rotations`,
    {},
  );
  await tenant.ok('PATCH', `/v1/callback-secrets/${rotated.id}`, { label: 'second', is_current: true });
  await tenant.ok('DELETE', `/v1/callback-secrets/${source.secretId}?force=true`);
  const destination = await tenant.ok<{ id: string; signing_secret: string }>('POST', '/v1/destinations', {
    name: 'app',
    url: 'http://127.0.0.1:9/hooks/a-token-in-a-path?key=a-token-in-a-query',
    headers: { 'x-token': 'a-token-in-a-header' },
  });
  await tenant.ok('PATCH', `/v1/destinations/${destination.id}`, { status: 'paused' });
  await tenant.ok('POST', `/v1/destinations/${destination.id}/secret-rotations`, {});
  await tenant.ok('DELETE', `/v1/destinations/${destination.id}`);
  await tenant.ok('DELETE', '/v1/sources/orders');
  return { tenant, source, rotated, destination };
}

describe('the audit log', () => {
  test('has a row for everything that was done to secrets, keys, sources and destinations', async () => {
    const { tenant } = await busyTenant();
    const key = await tenant.ok<{ id: string }>('POST', '/v1/api-keys', { name: 'CI', role: 'viewer' });
    await tenant.ok('POST', `/v1/api-keys/${key.id}/rotations`, {});
    await tenant.ok('DELETE', `/v1/api-keys/${key.id}`);
    expect(await actionsOf(tenant)).toEqual([
      'tenant.created',
      'api_key.created',
      'source.created',
      'source.created',
      'callback_secret.created',
      'source.updated',
      'callback_secret.rotated',
      'callback_secret.updated',
      'callback_secret.deleted',
      'destination.created',
      'destination.updated',
      'destination.secret_rotated',
      'destination.deleted',
      'source.deleted',
      'api_key.created',
      'api_key.rotated',
      'api_key.deleted',
    ]);
  });

  test('has a row for every order to deliver again, and for callbacks signed on demand', async () => {
    const tenant = await app.tenant();
    await tenant.source('callbox', { slug: 'orders' });
    await tenant.ok('POST', '/v1/destinations', { name: 'app', url: 'http://127.0.0.1:9/' });
    const { event_id: id } = await tenant.ok<{ event_id: string }>(
      'POST',
      '/v1/sources/orders/test-events',
      {},
    );
    const { deliveries } = await tenant.ok<{ deliveries: { id: string }[] }>(
      'POST',
      `/v1/events/${id}/redeliveries`,
      {},
    );
    const delivery = deliveries[0]?.id ?? '';
    await eventually(async () => {
      const { attempt_count } = await tenant.ok<{ attempt_count: number }>(
        'GET',
        `/v1/deliveries/${delivery}`,
      );
      expect(attempt_count).toBe(1);
    });
    await tenant.ok('POST', `/v1/deliveries/${delivery}/retry`);
    await tenant.ok('PATCH', '/v1/sources/orders', { status: 'paused' });
    const { id: order } = await tenant.ok<{ id: string }>('POST', '/v1/redeliveries', { filter: {} });
    await tenant.ok('POST', '/v1/redeliveries', { filter: {}, dry_run: true });
    for (let round = 0; round < 2; round += 1) await tenant.ok('POST', `/v1/redeliveries/${order}/cancel`);
    expect((await actionsOf(tenant)).slice(6)).toEqual([
      'source.tested',
      'redelivery.created',
      'delivery.retried',
      'source.updated',
      'redelivery.created',
      'redelivery.cancelled',
    ]);
    expect((await rowsOf(tenant, `&target_id=${order}`)).map(({ details }) => details)).toEqual([
      {},
      { total: 1 },
    ]);
  });

  test('says who did it to what, from where, in which request', async () => {
    const { tenant, source } = await busyTenant();
    const [row] = await rowsOf(tenant, '&action=callback_secret.created');
    expect(row).toMatchObject({
      actor: { type: 'api_key', name: 'First admin key' },
      target: { type: 'callback_secret', id: source.secretId, name: 'first' },
      remote_ip: '127.0.0.1',
      request_id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      details: { reveals: 'plain_secret' },
    });
    const [made] = await rowsOf(tenant, '&action=tenant.created');
    expect(made?.actor).toEqual({ type: 'operator', id: null, name: null });
  });

  test('holds no secret, whole or in part', async () => {
    const { tenant, source, rotated, destination } = await busyTenant();
    const { rows } = await app.database.pool.query<{ row: string }>('select a::text as row from audit_log a');
    const text = rows.map(({ row }) => row).join('\n');
    const secrets = [
      tenant.adminKey,
      source.secret,
      rotated.plain_secret,
      destination.signing_secret,
      'a-token-in-a-',
    ];
    for (const secret of secrets) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(secret.slice(-20));
    }
  });

  test('is filtered by action, actor, target and time, newest first, page by page', async () => {
    const { tenant, source } = await busyTenant();
    const all = await rowsOf(tenant);
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => all.length - index));
    expect(await actionsOf(tenant, `&target_id=${source.secretId}`)).toEqual([
      'callback_secret.created',
      'callback_secret.deleted',
    ]);
    const actorId = all[0]?.actor.id ?? '';
    expect((await rowsOf(tenant, `&actor_id=${actorId}`)).every(({ actor }) => actor.id === actorId)).toBe(
      true,
    );
    const middle = all[5]?.occurred_at ?? '';
    const after = await rowsOf(tenant, `&occurred_after=${middle}`);
    const before = await rowsOf(tenant, `&occurred_before=${middle}`);
    expect(after.every(({ occurred_at }) => occurred_at > middle)).toBe(true);
    expect(before.every(({ occurred_at }) => occurred_at < middle)).toBe(true);
    expect(after.length).toBeGreaterThan(0);
    expect(before.length).toBeGreaterThan(0);
    const first = await tenant.ok<{ data: Row[]; next_cursor: string }>('GET', '/v1/audit-log?limit=4');
    const second = await tenant.ok<{ data: Row[] }>(
      'GET',
      `/v1/audit-log?limit=4&cursor=${first.next_cursor}`,
    );
    expect([...first.data, ...second.data]).toEqual(all.slice(0, 8));
  });

  test('is for admins only', async () => {
    const tenant = await app.tenant();
    for (const role of ['viewer', 'developer'] as const) {
      const key = await tenant.key(role);
      for (const path of ['/v1/audit-log', '/v1/audit-log/verification'])
        expect((await tenant.call('GET', path, undefined, key)).status).toBe(403);
    }
  });

  test('has rows for keys that were not let in, once a minute for the same', async () => {
    const tenant = await app.tenant();
    const viewer = await tenant.key('viewer');
    for (let round = 0; round < 3; round += 1)
      expect(
        (await tenant.call('POST', '/v1/sources', { slug: 'a', provider: 'callbox' }, viewer)).status,
      ).toBe(403);
    const gone = await tenant.ok<{ id: string; plain_key: string }>('POST', '/v1/api-keys', {
      name: 'gone',
      role: 'admin',
    });
    await tenant.ok('DELETE', `/v1/api-keys/${gone.id}`);
    expect((await tenant.call('GET', '/v1/sources', undefined, gone.plain_key)).status).toBe(401);
    const refused = (await rowsOf(tenant)).filter(({ action }) => /denied|refused/.test(action));
    const doomed = `/v1/callback-secrets/${tenant.id}`;
    for (const path of [doomed, '/v1/callback-secrets/whsec_pasted-by-mistake'])
      expect((await tenant.call('DELETE', path, undefined, viewer)).status).toBe(403);
    const deletions = (await rowsOf(tenant, '&action=api_key.denied')).slice(0, 2);
    expect(deletions.map(({ details }) => details['path'])).toEqual(['/v1/callback-secrets/:id', doomed]);
    expect(refused).toMatchObject([
      {
        action: 'api_key.refused',
        target: { id: gone.id, name: 'gone' },
        details: { reason: 'deleted', method: 'GET', path: '/v1/sources' },
      },
      {
        action: 'api_key.denied',
        target: { name: 'viewer' },
        details: { reason: 'asks for developer, the key has viewer', path: '/v1/sources' },
      },
    ]);
  });
});

describe('no row, no reveal', () => {
  test.each([
    ['a callback secret', '/v1/callback-secrets', { label: 'a' }],
    ['an API key', '/v1/api-keys', { name: 'a', role: 'viewer' }],
    ['a destination', '/v1/destinations', { name: 'a', url: 'http://127.0.0.1:9/' }],
  ])('%s is neither made nor shown when its row cannot be written', async (_what, path, body) => {
    const own = await TestApp.start();
    try {
      const tenant = await own.tenant();
      const { data: before } = await tenant.ok<{ data: unknown[] }>('GET', path);
      await own.database.pool.query('revoke insert on audit_log from callbox_tenant');
      const answer = await tenant.call('POST', path, body);
      expect(answer.status).toBe(500);
      expect(answer.bytes.toString()).not.toMatch(/whsec_|cbk_/);
      expect((await tenant.ok<{ data: unknown[] }>('GET', path)).data).toHaveLength(before.length);
    } finally {
      await own.stop();
    }
  });
});

describe('the chain of the audit log', () => {
  const sql = (text: string, ...parameters: unknown[]) => app.database.pool.query(text, parameters);

  test('holds when nothing was touched, also while rows are being appended', async () => {
    const { tenant } = await busyTenant();
    const appending = Promise.all(Array.from({ length: 10 }, () => tenant.key('viewer')));
    const during = await Promise.all(Array.from({ length: 5 }, () => verify(tenant)));
    await appending;
    expect(during.every(({ valid }) => valid)).toBe(true);
    const rows = await rowsOf(tenant);
    expect(await verify(tenant)).toEqual({
      valid: true,
      checked: rows.length,
      head: { sequence: rows.length, hash: rows[0]?.hash },
      faults: [],
    });
  });

  test.each([
    ['action', `action = 'callback_secret.updated'`],
    ['actor', `actor_name = 'Somebody else'`],
    ['target', `target_id = gen_random_uuid()`],
    ['time', `occurred_at = occurred_at - interval '1 day'`],
    ['address', `remote_ip = '192.0.2.1'`],
    ['details', `details = '{}'`],
    ['hash', `hash = sha256('x')`],
    ['previous hash', `previous_hash = sha256('x')`],
  ])('names a row whose %s was changed', async (_what, change) => {
    const { tenant } = await busyTenant();
    const row = (await rowsOf(tenant, '&action=callback_secret.created'))[0];
    await sql(
      `update audit_log a set ${change} from tenants t where t.id = a.tenant_id and t.slug = $1 and a.sequence = $2`,
      tenant.slug,
      row?.sequence,
    );
    expect(await verify(tenant)).toMatchObject({
      valid: false,
      faults: [{ kind: 'changed', sequence: row?.sequence, id: row?.id }],
    });
  });

  test.each([
    ['in the middle', 5, 6],
    ['at the beginning', 1, 2],
    ['at the end', 13, 14],
  ])('names rows that were removed %s', async (_where, from, to) => {
    const { tenant } = await busyTenant();
    await sql(
      `delete from audit_log a using tenants t where t.id = a.tenant_id and t.slug = $1 and a.sequence between $2 and $3`,
      tenant.slug,
      from,
      to,
    );
    expect(await verify(tenant)).toMatchObject({
      valid: false,
      checked: 12,
      faults: [{ kind: 'missing', sequence: from, last_sequence: to, id: null }],
    });
  });

  test('notices that rows were swapped, and that the head was set back with the rows after it removed', async () => {
    const { tenant } = await busyTenant();
    const other = (await busyTenant()).tenant;
    await sql(
      `update audit_log a set sequence = 23 - a.sequence + 1000 from tenants t
       where t.id = a.tenant_id and t.slug = $1 and a.sequence in (11, 12)`,
      tenant.slug,
    );
    await sql(
      `update audit_log a set sequence = a.sequence - 1000 from tenants t
       where t.id = a.tenant_id and t.slug = $1 and a.sequence > 1000`,
      tenant.slug,
    );
    const swapped = await verify(tenant);
    expect(swapped.faults.map(({ kind, sequence }) => [kind, sequence])).toEqual([
      ['changed', 11],
      ['changed', 12],
    ]);
    await sql(
      `with gone as (
         delete from audit_log a using tenants t where t.id = a.tenant_id and t.slug = $1 and a.sequence > 10
       )
       update audit_heads h set sequence = 10, hash = a.hash from audit_log a, tenants t
       where t.slug = $1 and h.tenant_id = t.id and a.tenant_id = t.id and a.sequence = 10`,
      other.slug,
    );
    expect(await verify(other)).toMatchObject({ valid: false, faults: [{ kind: 'head_changed' }] });
  });

  test('notices that all of it was removed, also after more was appended', async () => {
    const { tenant } = await busyTenant();
    const missing = { valid: false, faults: [{ kind: 'missing', sequence: 1, last_sequence: 1, id: null }] };
    for (const table of ['audit_log', 'audit_heads'])
      await sql(
        `delete from ${table} a using tenants t where t.id = a.tenant_id and t.slug = $1`,
        tenant.slug,
      );
    expect(await verify(tenant)).toMatchObject(missing);
    await tenant.key('viewer');
    await tenant.key('viewer');
    expect(await verify(tenant)).toMatchObject({ ...missing, checked: 2 });
  });

  test('is not sealed anew by the next row after it was cut and its head forged or removed', async () => {
    const forgeries = [
      `update audit_heads h set sequence = 10, hash = a.hash from audit_log a, tenants t
       where t.slug = $1 and h.tenant_id = t.id and a.tenant_id = t.id and a.sequence = 10`,
      'delete from audit_heads h using tenants t where t.slug = $1 and h.tenant_id = t.id',
    ];
    for (const forgery of forgeries) {
      const { tenant } = await busyTenant();
      await sql(
        'delete from audit_log a using tenants t where t.id = a.tenant_id and t.slug = $1 and a.sequence > 10',
        tenant.slug,
      );
      await sql(forgery, tenant.slug);
      await tenant.key('viewer');
      await tenant.key('viewer');
      const [, next] = await rowsOf(tenant);
      expect(await verify(tenant)).toMatchObject({
        valid: false,
        checked: 12,
        faults: [{ kind: 'misplaced', sequence: 11, id: next?.id }],
      });
    }
  });

  test('names a row that somebody appended, and goes on after it', async () => {
    const { tenant } = await busyTenant();
    await sql(
      `insert into audit_log
       select tenant_id, sequence + 1, gen_random_uuid(), occurred_at, action, actor_type, actor_id, actor_name, target_type,
         target_id, target_name, remote_ip, request_id, details, hash, sha256('x')
       from audit_log where tenant_id = (select id from tenants where slug = $1) and sequence = 14`,
      tenant.slug,
    );
    await tenant.key('viewer');
    expect((await verify(tenant)).faults).toMatchObject([{ kind: 'changed', sequence: 15 }]);
  });

  test('that was put back to an older state of the database does not meet a row that was noted elsewhere', async () => {
    const { tenant } = await busyTenant();
    const ofTenant = '(select id from tenants where slug = $1)';
    const { rows: heads } = await app.database.pool.query<{ sequence: string; hash: Buffer; seal: Buffer }>(
      `select sequence, hash, seal from audit_heads where tenant_id = ${ofTenant}`,
      [tenant.slug],
    );
    await tenant.key('viewer');
    const { head } = await verify(tenant);
    const anchor = `?anchor=${head?.sequence ?? 0}:${head?.hash ?? ''}`;
    expect(await verify(tenant, anchor)).toMatchObject({ valid: true });
    await sql(`delete from audit_log where tenant_id = ${ofTenant} and sequence = 15`, tenant.slug);
    await sql(
      `update audit_heads set sequence = $2, hash = $3, seal = $4 where tenant_id = ${ofTenant}`,
      tenant.slug,
      heads[0]?.sequence,
      heads[0]?.hash,
      heads[0]?.seal,
    );
    expect(await verify(tenant, anchor)).toMatchObject({
      valid: false,
      faults: [{ kind: 'anchor_not_met', sequence: head?.sequence }],
    });
  });

  test('cannot be edited by the role of the API', async () => {
    const { tenant } = await busyTenant();
    const client = await app.database.pool.connect();
    try {
      await client.query('begin');
      await client.query(`select set_config('role', 'callbox_tenant', true)`);
      await expect(client.query(`update audit_log set action = 'x'`)).rejects.toThrow(/permission denied/);
      await client.query('rollback');
      await client.query('begin');
      await client.query(`select set_config('role', 'callbox_tenant', true)`);
      await expect(client.query('delete from audit_log')).rejects.toThrow(/permission denied/);
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect((await verify(tenant)).valid).toBe(true);
  });

  test('goes with its tenant', async () => {
    const { tenant } = await busyTenant();
    const found = await app.database.pool.query<{ id: string }>('select id from tenants where slug = $1', [
      tenant.slug,
    ]);
    const id = found.rows[0]?.id;
    const count = async (table: string) =>
      (await sql(`select from ${table} where tenant_id = $1`, id)).rowCount;
    expect(await count('audit_log')).toBe(14);
    await app.operator('DELETE', `/v1/tenants/${tenant.id}`);
    expect([await count('audit_log'), await count('audit_heads')]).toEqual([0, 0]);
  });
});
