import { createHmac, randomBytes } from 'node:crypto';
import { eventually, Receiver, send, TestApp } from '#testing';

let app: TestApp;
let receiver: Receiver;
beforeAll(async () => {
  app = await TestApp.start();
  receiver = await Receiver.start();
});
afterAll(async () => {
  await receiver.stop();
  await app.stop();
});

/** A secret that nothing else looks like. */
const marked = (what: string) => `Marked-${what}-${randomBytes(18).toString('base64url')}`;

/** Every row of every table as a dump writes it: text as text, bytes in hex. */
async function dump(): Promise<Map<string, string>> {
  const { rows: tables } = await app.database.pool.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  const dumped = new Map<string, string>();
  for (const { name } of tables) {
    const { rows } = await app.database.pool.query<{ row: string }>(`select t::text as row from ${name} t`);
    dumped.set(name, rows.map(({ row }) => row).join('\n'));
  }
  return dumped;
}

/** The ways in which a text may lie in a table: as it is, in hex, and in base64 from any offset. */
function tracesOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].map((skip) => {
    const whole = bytes.subarray(skip, skip + Math.floor((bytes.length - skip) / 3) * 3);
    return whole.toString('base64');
  });
  return [
    secret,
    bytes.toString('hex'),
    ...inBase64,
    ...inBase64.map((text) => Buffer.from(text).toString('hex')),
  ];
}

async function tablesWith(secret: string): Promise<string[]> {
  const traces = tracesOf(secret);
  return [...(await dump())]
    .filter(([, text]) => traces.some((trace) => text.includes(trace)))
    .map(([name]) => name);
}

test('a search of the dump finds what stands there in any of these forms', async () => {
  const tenant = await app.tenant();
  const label = marked('label');
  await tenant.ok('POST', '/v1/callback-secrets', { label });
  expect(await tablesWith(label)).toContain('public.callback_secrets');
  await app.database.pool.query('create table planted (bytes bytea, text text)');
  for (const planted of [Buffer.from(label), Buffer.from(`x${Buffer.from(label).toString('base64')}`)]) {
    await app.database.pool.query('truncate planted');
    await app.database.pool.query('insert into planted (bytes) values ($1)', [planted]);
    expect(await tablesWith(label)).toContain('public.planted');
  }
  await app.database.pool.query('drop table planted');
});

test('a dump of the database holds no secret in the clear, whatever it is for and whoever made it', async () => {
  const tenant = await app.tenant();
  const secrets: Record<string, string> = { 'first admin key': tenant.adminKey };

  const imported = marked('imported');
  const source = await tenant.source('callbox', { slug: 'signed', plainSecret: imported });
  secrets['imported secret'] = imported;
  const { plain_secret: generated } = await tenant.ok<{ plain_secret: string }>(
    'POST',
    `/v1/callback-secrets/${source.secretId}/rotations`,
    {},
  );
  secrets['generated secret'] = generated;
  secrets['generated secret, decoded'] = Buffer.from(generated.slice(6), 'base64').toString('latin1');

  secrets['imported bearer token'] = marked('bearer');
  await tenant.source('bearer', { slug: 'token', plainSecret: secrets['imported bearer token'] });
  secrets['generated bearer token'] = (await tenant.source('bearer', { slug: 'token-2' })).secret;
  secrets['basic password'] = `user:${marked('password')}`;
  await tenant.source('basic', { slug: 'password', plainSecret: secrets['basic password'] });

  const destination = await tenant.ok<{ id: string; signing_secret: string }>('POST', '/v1/destinations', {
    name: 'a',
    url: `${receiver.url}/`,
    headers: { 'x-token': (secrets['header of a destination'] = marked('destination-header')) },
  });
  secrets['signing secret'] = destination.signing_secret;
  const key = await send<{ id: string; plain_key: string }>(`${app.url}/v1/api-keys`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tenant.adminKey}`,
      'content-type': 'application/json',
      'idempotency-key': 'k',
    },
    body: '{"name":"a","role":"admin"}',
  });
  secrets['API key'] = key.body.plain_key;
  secrets['rotated API key'] = (
    await tenant.ok<{ plain_key: string }>('POST', `/v1/api-keys/${key.body.id}/rotations`, {})
  ).plain_key;

  const authorization = (secrets['authorization of a callback'] = marked('authorization'));
  const cookie = (secrets['cookie of a callback'] = marked('cookie'));
  const answer = await send(source.url, {
    method: 'POST',
    headers: {
      'callbox-signature': createHmac('sha256', imported).update('{}').digest('hex'),
      authorization: `Bearer ${authorization}`,
      cookie,
    },
    body: '{}',
  });
  expect(answer.status).toBe(200);
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  expect(receiver.requests[0]?.headers['authorization']).toBe(`Bearer ${authorization}`);

  const unverified = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources', {
    slug: 'unverified',
    provider: 'unverified',
    config: { accept_unverified: true },
  });
  secrets['token of an ingest URL'] = unverified.ingest_url.split('/').at(-1) ?? '';

  // Wrong keys and secrets leave no trace either.
  secrets['wrong API key'] = marked('wrong-key');
  await tenant.call('GET', '/v1/sources', undefined, secrets['wrong API key']);
  secrets['refused secret'] = marked('refused');
  await tenant.call('POST', '/v1/callback-secrets', {
    label: 'a',
    source: 'nobody',
    plain_secret: secrets['refused secret'],
  });

  for (const [what, secret] of Object.entries(secrets)) {
    expect([what, secret.length > 10]).toEqual([what, true]);
    expect([what, await tablesWith(secret)]).toEqual([what, []]);
  }
});
