import {
  type Answer,
  eventually,
  hexHmac,
  qstashToken,
  Receiver,
  send,
  TestApp,
  type TestTenant,
} from '#testing';
import { sendRaw } from '../../inbox/test/raw-request.fixture.js';
import { Stream } from './stream.fixture.js';

interface Secret {
  readonly id: string;
  readonly label: string;
  readonly use: string;
  readonly plain_secret: string;
  readonly status: string;
  readonly is_current: boolean;
  readonly hint: string;
  readonly last_verified_at: string | null;
  readonly verified_count: number;
}

const REQUIRE = { require: ['bearer'] };
const TOKEN = 'token-of-the-workflow-app-0123456789';
const KEYS = { current: 'sig_CurrentTestKey11111111111111', next: 'sig_NextTestKey22222222222222222' };

let app: TestApp;
let second: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
  second = await TestApp.start({ database: app.database });
});
afterAll(async () => {
  await second.stop();
  await app.stop();
});

const make = (tenant: TestTenant, source: string, body: object = {}) =>
  tenant.ok<Secret>('POST', '/v1/callback-secrets', { label: 'a secret', source, ...body });
const get = (tenant: TestTenant, { id }: { readonly id: string }) =>
  tenant.ok<Secret>('GET', `/v1/callback-secrets/${id}`);
const list = async (tenant: TestTenant, source: string) =>
  (await tenant.ok<{ data: Secret[] }>('GET', `/v1/callback-secrets?source=${source}`)).data;
const elsewhere = (url: string) => url.replace(app.url, second.url);

let count = 0;
/** Sends a Runflow callback that was never sent before. */
function callRunflow(
  url: string,
  { secret, ...headers }: { readonly secret?: string; readonly authorization?: string },
): Promise<Answer<{ id: string }>> {
  const body = `{"event":"run.completed","run_id":"run_${(count += 1)}"}`;
  const signature = secret === undefined ? {} : { 'runflow-signature': hexHmac(secret, body) };
  return send(url, { method: 'POST', headers: { ...signature, ...headers }, body });
}

function callQstash(
  url: string,
  { key = KEYS.current, ...headers }: { readonly key?: string } & Readonly<Record<string, string>>,
): Promise<Answer<{ id: string }>> {
  const body = `{"step":${(count += 1)}}`;
  const signature = { 'upstash-signature': qstashToken(key, { url, body }) };
  return send(url, { method: 'POST', headers: { ...signature, ...headers }, body });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Why the newest refused callback was refused. */
function newestReason(): string | undefined {
  const line = app.log.findLast((text) => text.includes('"outcome":"rejected"'));
  return (JSON.parse(line ?? '{}') as { reason?: string }).reason;
}

/** A Runflow source with a generated signing secret and an imported token. */
async function runflow(tenant: TestTenant, token: object = { plain_secret: TOKEN }) {
  const source = await tenant.source('runflow', { config: REQUIRE });
  return { ...source, token: await make(tenant, 'runflow', { use: 'bearer', ...token }) };
}

describe('a source that requires a bearer token', () => {
  test('lets in what is signed and carries the token, at every path below its URL', async () => {
    const { url, secret } = await runflow(await app.tenant());
    for (const path of ['', '/', '/failure', '/a/b?c=d']) {
      for (const authorization of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`])
        expect((await callRunflow(url + path, { secret, authorization })).status).toBe(200);
      expect((await callRunflow(url + path, { secret })).status).toBe(401);
    }
  });

  test.each([
    ['no token', undefined, 'authorization_missing'],
    ['an empty one', '', 'authorization_mismatch'],
    ['the scheme alone', 'Bearer', 'authorization_mismatch'],
    ['another one', `Bearer ${TOKEN}x`, 'authorization_mismatch'],
    ['its beginning', `Bearer ${TOKEN.slice(0, -1)}`, 'authorization_mismatch'],
    ['another case', `Bearer ${TOKEN.toUpperCase()}`, 'authorization_mismatch'],
    ['the bare token', TOKEN, 'authorization_mismatch'],
    ['another scheme', `Basic ${Buffer.from(TOKEN).toString('base64')}`, 'authorization_mismatch'],
    ['two of them', `Bearer ${TOKEN}, Bearer ${TOKEN}`, 'authorization_mismatch'],
    ['a long one', `Bearer ${'x'.repeat(5_000)}`, 'authorization_mismatch'],
  ])('refuses %s', async (_, authorization, reason) => {
    const tenant = await app.tenant();
    const { url, secret } = await runflow(tenant);
    const answer = await callRunflow(url, {
      secret,
      ...(authorization === undefined ? {} : { authorization }),
    });
    expect(answer).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
    expect(newestReason()).toBe(reason);
    expect(await tenant.ok('GET', '/v1/events')).toMatchObject({ data: [] });
  });

  test('refuses the token in two header lines, equal ones too', async () => {
    const { url, secret } = await runflow(await app.tenant());
    const request = (...lines: string[]) =>
      sendRaw(
        url,
        [
          `POST ${new URL(url).pathname} HTTP/1.1`,
          'Host: x',
          'Content-Length: 2',
          `Runflow-Signature: ${hexHmac(secret, '{}')}`,
          ...lines,
          '',
          '{}',
        ].join('\r\n'),
      );
    const line = `Authorization: Bearer ${TOKEN}`;
    expect(await request(line, line.toUpperCase())).toMatchObject({ status: 401 });
    expect(await request(line, line)).toMatchObject({ status: 401 });
    expect(newestReason()).toBe('authorization_mismatch');
    expect(await request(line)).toMatchObject({ status: 200 });
  });

  test('asks for the signature first, and takes neither secret for the other', async () => {
    const { url, secret, token } = await runflow(await app.tenant(), {});
    for (const [signedWith, carried, reason] of [
      [undefined, token.plain_secret, 'signature_missing'],
      [token.plain_secret, token.plain_secret, 'signature_mismatch'],
      [secret, secret, 'authorization_mismatch'],
    ] as const) {
      const signing = signedWith === undefined ? {} : { secret: signedWith };
      expect((await callRunflow(url, { ...signing, ...bearer(carried) })).status).toBe(401);
      expect(newestReason()).toBe(reason);
    }
    expect((await callRunflow(url, { secret, ...bearer(token.plain_secret) })).status).toBe(200);
  });

  test('lets nothing in while it has no active bearer secret', async () => {
    const tenant = await app.tenant();
    const { url, secret } = await tenant.source('runflow', { config: REQUIRE });
    expect((await callRunflow(url, { secret, ...bearer(TOKEN) })).status).toBe(401);
    expect(newestReason()).toBe('no_secret');
    const token = await make(tenant, 'runflow', { use: 'bearer', plain_secret: TOKEN });
    const lets = async (status: number) =>
      expect((await callRunflow(url, { secret, ...bearer(TOKEN) })).status).toBe(status);
    await eventually(() => lets(200), 1_000);
    const expiresAt = Date.now() + 600;
    const expires_at = new Date(expiresAt).toISOString();
    await tenant.ok('PATCH', `/v1/callback-secrets/${token.id}`, { expires_at });
    await eventually(() => lets(401), 3_000);
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
    expect(newestReason()).toBe('no_secret');
  });

  test('can begin and cease to require it, without a callback that is refused in between', async () => {
    const tenant = await app.tenant();
    const { url, secret } = await tenant.source('runflow');
    await make(tenant, 'runflow', { use: 'bearer', plain_secret: TOKEN });
    const stream = Stream.start(() => callRunflow(url, { secret, ...bearer(TOKEN) }));
    await tenant.ok('PATCH', '/v1/sources/runflow', { config: REQUIRE });
    await eventually(async () => expect((await callRunflow(url, { secret })).status).toBe(401), 1_000);
    await tenant.ok('PATCH', '/v1/sources/runflow', { config: { require: [] } });
    await eventually(async () => expect((await callRunflow(url, { secret })).status).toBe(200), 1_000);
    expect(await stream.stop()).toEqual([200]);
  });

  test('still answers handshakes that nobody signs', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('microsoft-graph', { config: REQUIRE });
    const answer = await send(`${url}?validationToken=abc%3A+def`, { method: 'POST' });
    expect({ status: answer.status, text: answer.bytes.toString() }).toEqual({
      status: 200,
      text: 'abc: def',
    });
    expect((await send(url, { method: 'POST', body: '{}' })).status).toBe(401);
  });

  test('may be one whose provider signs nothing: the event then names the bearer secret', async () => {
    const tenant = await app.tenant();
    const { ingest_url: url } = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources', {
      slug: 'unverified',
      provider: 'unverified',
      config: { ...REQUIRE, accept_unverified: true },
    });
    const token = await make(tenant, 'unverified');
    expect(token).toMatchObject({ use: 'bearer', is_current: true });
    expect((await send(url, { method: 'POST', body: 'x' })).status).toBe(401);
    const headers = bearer(token.plain_secret);
    const { body } = await send<{ id: string }>(url, { method: 'POST', headers, body: 'x' });
    expect(await tenant.ok('GET', `/v1/events/${body.id}`)).toMatchObject({
      verification: { scheme: 'unverified', secret_id: token.id },
    });
    expect(await get(tenant, token)).toMatchObject({ verified_count: 1 });
  });
});

describe('the failure callback of a workflow', () => {
  test('carries the token like any callback, keeps it to itself, and hands it on at every delivery', async () => {
    const tenant = await app.tenant();
    const receiver = await Receiver.start();
    try {
      await tenant.source('upstash-workflow', { slug: 'flow', plainSecret: KEYS.current, config: REQUIRE });
      await make(tenant, 'flow', { plain_secret: KEYS.next });
      await make(tenant, 'flow', { plain_secret: TOKEN });
      await tenant.ok('POST', '/v1/destinations', { name: 'app', url: receiver.url });
      const url = `${app.url}/in/${tenant.slug}/flow/failure`;
      const failure = { 'Upstash-Workflow-Is-Failure': 'true', 'Upstash-Workflow-RunId': 'wfr_1' };
      await eventually(async () => {
        expect((await callQstash(url, { ...failure, authorization: 'Bearer other' })).status).toBe(401);
        expect(newestReason()).toBe('authorization_mismatch');
      }, 1_000);
      expect((await callQstash(url, failure)).status).toBe(401);
      const receipt = await callQstash(url, { ...failure, Authorization: `Bearer ${TOKEN}` });
      expect(receipt.status).toBe(200);
      const { id } = receipt.body;

      const event = await tenant.call<{ headers: [string, string][] }>('GET', `/v1/events/${id}`);
      expect(event.body).toMatchObject({ type: 'workflow.failure', run_id: 'wfr_1' });
      expect(event.body.headers).toContainEqual(['Authorization', '[redacted]']);
      expect(event.bytes.toString()).not.toContain(TOKEN);
      await eventually(() => expect(receiver.requests).toHaveLength(1));
      await tenant.ok('POST', `/v1/events/${id}/redeliveries`);
      await eventually(() => expect(receiver.requests).toHaveLength(2));
      for (const { rawHeaders } of receiver.requests) {
        const at = rawHeaders.indexOf('Authorization');
        expect(rawHeaders.slice(at, at + 2)).toEqual(['Authorization', `Bearer ${TOKEN}`]);
        expect(rawHeaders.filter((name) => name.toLowerCase() === 'authorization')).toHaveLength(1);
      }
    } finally {
      await receiver.stop();
    }
  });
});

describe('what a new secret is for', () => {
  test('need not be said: first the signing secrets, then the token', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/sources', { slug: 'qstash', provider: 'qstash', config: REQUIRE });
    const uses = [];
    for (const plain_secret of [KEYS.current, KEYS.next, TOKEN])
      uses.push((await make(tenant, 'qstash', { plain_secret })).use);
    expect(uses).toEqual(['signature', 'signature', 'bearer']);
    const url = `${app.url}/in/${tenant.slug}/qstash`;
    for (const key of [KEYS.current, KEYS.next])
      expect((await callQstash(url, { key, ...bearer(TOKEN) })).status).toBe(200);
  });

  test('need not be said of a token that is too short to sign with, whenever it comes', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/sources', { slug: 'qstash', provider: 'qstash', config: REQUIRE });
    expect(await make(tenant, 'qstash', { plain_secret: 'p4ss' })).toMatchObject({ use: 'bearer', hint: '' });
    expect(await make(tenant, 'qstash', { plain_secret: KEYS.current })).toMatchObject({ use: 'signature' });
    const url = `${app.url}/in/${tenant.slug}/qstash`;
    expect((await callQstash(url, bearer('p4ss'))).status).toBe(200);
  });

  test('can be said, in whichever order they come, before the source requires anything', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/sources', { slug: 'runflow', provider: 'runflow' });
    const token = await make(tenant, 'runflow', { use: 'bearer', plain_secret: TOKEN });
    const signing = await make(tenant, 'runflow', { use: 'signature', plain_secret: `${TOKEN}-signing` });
    expect([token, signing]).toMatchObject([
      { use: 'bearer', is_current: true },
      { use: 'signature', is_current: true },
    ]);
    await tenant.ok('PATCH', '/v1/sources/runflow', { config: REQUIRE });
    const url = `${app.url}/in/${tenant.slug}/runflow`;
    await eventually(async () => {
      expect((await callRunflow(url, { secret: `${TOKEN}-signing` })).status).toBe(401);
      expect((await callRunflow(url, { secret: `${TOKEN}-signing`, ...bearer(TOKEN) })).status).toBe(200);
    }, 1_000);
  });

  test('is the signature at a source that requires no token', async () => {
    const tenant = await app.tenant();
    await tenant.source('runflow');
    expect(await make(tenant, 'runflow', { plain_secret: TOKEN })).toMatchObject({ use: 'signature' });
    expect(await tenant.call('POST', '/v1/callback-secrets', { label: 'a', use: 'cookie' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'use' }] },
    });
  });

  test.each(['two words', 'über', 'x'.repeat(513)])('is not the token for %j', async (plain_secret) => {
    const tenant = await app.tenant();
    await tenant.source('runflow', { config: REQUIRE });
    const body = { label: 'a', source: 'runflow', use: 'bearer', plain_secret };
    const answer = await tenant.call('POST', '/v1/callback-secrets', body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'secret_invalid' } });
    expect(answer.body['detail']).toMatch(/printable ASCII/);
    expect(answer.bytes.toString()).not.toContain(plain_secret);
    expect(await list(tenant, 'runflow')).toHaveLength(1);
  });

  test('is decided by turns where two come at once', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/sources', { slug: 'runflow', provider: 'runflow', config: REQUIRE });
    const made = await Promise.all(
      ['one', 'two'].map((word) => make(tenant, 'runflow', { plain_secret: `${TOKEN}-${word}` })),
    );
    expect(made.map(({ use }) => use).sort()).toEqual(['bearer', 'signature']);
  });
});

describe('the two secrets of a callback', () => {
  test('are both counted; the event names the one of the signature', async () => {
    const tenant = await app.tenant();
    const { url, secret, secretId, token } = await runflow(tenant);
    const before = Date.now();
    const receipts = [];
    for (let index = 0; index < 3; index += 1)
      receipts.push(await callRunflow(url, { secret, ...bearer(TOKEN) }));
    await callRunflow(url, { secret, ...bearer('wrong') });
    for (const counted of [await get(tenant, { id: secretId }), await get(tenant, token)]) {
      expect(counted).toMatchObject({ verified_count: 3 });
      expect(Date.parse(counted.last_verified_at ?? '')).toBeGreaterThanOrEqual(before);
    }
    expect(await tenant.ok('GET', `/v1/events/${receipts[0]?.body.id ?? ''}`)).toMatchObject({
      verification: { secret_id: secretId, secret_label: 'first' },
    });
  });

  test('are each current for their own use, and only that of the signature signs redeliveries', async () => {
    const tenant = await app.tenant();
    const receiver = await Receiver.start();
    try {
      const { url, secret, secretId } = await runflow(tenant);
      await tenant.ok('POST', '/v1/destinations', { name: 'app', url: receiver.url });
      const successor = await make(tenant, 'runflow', { use: 'bearer' });
      const accepted = await eventually(async () => {
        const answer = await callRunflow(url, { secret, ...bearer(successor.plain_secret) });
        expect(answer.status).toBe(200);
        return answer;
      }, 1_000);
      const current = (await list(tenant, 'runflow')).filter(({ is_current: isCurrent }) => isCurrent);
      expect(current.map(({ id }) => id).sort()).toEqual([secretId, successor.id].sort());
      await tenant.ok('PATCH', `/v1/callback-secrets/${successor.id}`, { is_current: true });
      await eventually(() => expect(receiver.requests).toHaveLength(1));
      await tenant.ok('POST', `/v1/events/${accepted.body.id}/redeliveries`);
      await eventually(() => expect(receiver.requests).toHaveLength(2));
      for (const { headers, body } of receiver.requests)
        expect(headers['runflow-signature']).toBe(hexHmac(secret, body));
    } finally {
      await receiver.stop();
    }
  });

  test('do not settle what is current among those of the other use', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/sources', { slug: 'runflow', provider: 'runflow', config: REQUIRE });
    await make(tenant, 'runflow', { use: 'bearer', plain_secret: TOKEN });
    const older = await make(tenant, 'runflow');
    const newer = await make(tenant, 'runflow');
    await tenant.ok('PATCH', `/v1/callback-secrets/${newer.id}`, { is_current: true });
    const { status } = await callRunflow(`${app.url}/in/${tenant.slug}/runflow`, {
      secret: older.plain_secret,
      ...bearer(TOKEN),
    });
    expect(status).toBe(200);
    const current = (await list(tenant, 'runflow')).filter(({ is_current: isCurrent }) => isCurrent);
    expect(current).toMatchObject([{ id: newer.id }, { use: 'bearer' }]);
  });

  test('are no replacement for each other: either is refused deletion while in use', async () => {
    const tenant = await app.tenant();
    const { url, secret, secretId, token } = await runflow(tenant);
    expect((await callRunflow(url, { secret, ...bearer(TOKEN) })).status).toBe(200);
    for (const id of [secretId, token.id])
      expect(await tenant.call('DELETE', `/v1/callback-secrets/${id}`)).toMatchObject({
        status: 409,
        body: { code: 'secret_in_use' },
      });
    // As it is for a moment when one of them is written down before the other.
    const earlier = (use: string) =>
      app.database.pool.query(
        `update callback_secrets set last_verified_at = last_verified_at - interval '1 second'
         where use = $1 and source_id = (select id from sources where tenant_id = (select id from tenants where slug = $2) and slug = 'runflow')`,
        [use, tenant.slug],
      );
    for (const [use, id] of [
      ['signature', secretId],
      ['bearer', token.id],
      ['bearer', token.id],
    ] as const) {
      await earlier(use);
      expect((await tenant.call('DELETE', `/v1/callback-secrets/${id}`)).status).toBe(409);
    }
    const successor = await tenant.ok<Secret>('POST', `/v1/callback-secrets/${token.id}/rotations`);
    await eventually(async () => {
      const { status } = await callRunflow(url, { secret, ...bearer(successor.plain_secret) });
      expect(status).toBe(200);
    }, 1_000);
    expect((await tenant.call('DELETE', `/v1/callback-secrets/${token.id}`)).status).toBe(204);
    expect((await tenant.call('DELETE', `/v1/callback-secrets/${secretId}`)).status).toBe(409);
  });
});

describe('a bearer secret', () => {
  test.each([
    ['made here', {}],
    ['imported', { plain_secret: 'the-second-token' }],
  ])(
    'is rotated to one %s under a stream of callbacks to two processes: not one is refused',
    async (_, body) => {
      const tenant = await app.tenant();
      const { url, secret, token } = await runflow(tenant);
      let carried = TOKEN;
      const streams = [url, elsewhere(url)].map((target) =>
        Stream.start(() => callRunflow(target, { secret, ...bearer(carried) })),
      );
      const successor = await tenant.ok<Secret>('POST', `/v1/callback-secrets/${token.id}/rotations`, body);
      expect(successor).toMatchObject({ use: 'bearer', replaces: token.id, label: 'a secret' });
      await eventually(async () => {
        for (const target of [url, elsewhere(url)]) {
          const answer = await callRunflow(target, { secret, ...bearer(successor.plain_secret) });
          expect(answer.status).toBe(200);
        }
      }, 1_000);
      carried = successor.plain_secret;
      await Promise.all(streams.map((stream) => stream.next(30)));
      expect(await get(tenant, successor)).toMatchObject({ is_current: true });
      expect((await tenant.call('DELETE', `/v1/callback-secrets/${token.id}`)).status).toBe(204);
      await Promise.all(streams.map((stream) => stream.next(30)));
      for (const stream of streams) expect(await stream.stop()).toEqual([200]);
      expect((await callRunflow(url, { secret, ...bearer(TOKEN) })).status).toBe(401);
    },
  );

  test('stops working within a second of its deletion, on every process', async () => {
    const tenant = await app.tenant();
    const { url, secret, token } = await runflow(tenant);
    await make(tenant, 'runflow', { use: 'bearer', plain_secret: 'another-token' });
    const targets = [url, elsewhere(url)];
    await eventually(async () => {
      for (const carried of [TOKEN, 'another-token'])
        for (const target of targets)
          expect((await callRunflow(target, { secret, ...bearer(carried) })).status).toBe(200);
    }, 1_000);
    await tenant.ok('DELETE', `/v1/callback-secrets/${token.id}?force=true`);
    await eventually(async () => {
      for (const target of targets)
        expect((await callRunflow(target, { secret, ...bearer(TOKEN) })).status).toBe(401);
    }, 900);
    for (const target of targets)
      expect((await callRunflow(target, { secret, ...bearer('another-token') })).status).toBe(200);
  });

  test('is kept as argon2id hash when imported and as keyed hash when made here; its text is nowhere', async () => {
    const tenant = await app.tenant();
    const imported = 'MarkedTokenThatIsNowhereInTheDatabase';
    const { url, secret, token } = await runflow(tenant, { plain_secret: imported });
    const generated = await tenant.ok<Secret>('POST', `/v1/callback-secrets/${token.id}/rotations`);
    await eventually(async () => {
      for (const carried of [imported, generated.plain_secret])
        expect((await callRunflow(url, { secret, ...bearer(carried) })).status).toBe(200);
    }, 1_000);
    const { rows } = await app.database.pool.query<{ verifier: string; ciphertext: Buffer | null }>(
      `select verifier, ciphertext from callback_secrets
       where use = 'bearer' and source_id = (select source_id from callback_secrets where hint = $1 and use = 'bearer' limit 1)
       order by id`,
      [imported.slice(-4)],
    );
    expect(rows).toEqual([
      { ciphertext: null, verifier: expect.stringMatching(/^\$argon2id\$v=19\$m=19456,/) },
      { ciphertext: null, verifier: expect.stringMatching(/^hmac-sha256:[A-Za-z0-9+/]{43}=$/) },
    ]);
    for (const text of [imported, generated.plain_secret]) expect(await tablesWith(text)).toEqual([]);
    expect(app.log.filter((line) => line.includes(imported))).toEqual([]);
  });

  test('made here is bound to its row: moved to another one it matches nothing', async () => {
    const tenant = await app.tenant();
    const { url, secret, token } = await runflow(tenant, {});
    const other = await make(tenant, 'runflow', { use: 'bearer' });
    const byHint = `(select verifier from callback_secrets where use = 'bearer' and hint = $1)`;
    await app.database.pool.query(
      `update callback_secrets set verifier = ${byHint} where use = 'bearer' and hint = $2`,
      [token.hint, other.hint],
    );
    await tenant.ok('DELETE', `/v1/callback-secrets/${token.id}`);
    await eventually(async () => {
      for (const { plain_secret: carried } of [token, other])
        expect((await callRunflow(url, { secret, ...bearer(carried) })).status).toBe(401);
    }, 1_000);
  });

  test('is neither possible nor required where the provider’s own credentials stand in Authorization', async () => {
    const tenant = await app.tenant();
    for (const provider of ['bearer', 'basic', 'jwt', 'google-pubsub', 'okta', 'sinch-voice']) {
      const body = { slug: provider, provider, config: REQUIRE };
      const answer = await tenant.call('POST', '/v1/sources', body);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'config.require' }] } });
      expect(answer.body['detail']).toMatch(/Authorization/);
    }
    const config = { ...REQUIRE, header: 'X-Token', prefix: '' };
    await tenant.ok('POST', '/v1/sources', { slug: 'jwt', provider: 'jwt', config });
    expect(await tenant.call('PATCH', '/v1/sources/jwt', { config: REQUIRE })).toMatchObject({ status: 400 });
    await tenant.ok('POST', '/v1/sources', { slug: 'bearer', provider: 'bearer' });
    const body = { label: 'a', source: 'bearer', use: 'bearer' };
    expect(await tenant.call('POST', '/v1/callback-secrets', body)).toMatchObject({
      status: 422,
      body: { code: 'secret_invalid' },
    });
  });
});

test.each([[['basic']], [['bearer', 'bearer']], ['bearer'], [[7]], [null]])(
  'a source cannot require %j',
  async (require) => {
    const tenant = await app.tenant();
    const body = { slug: 'runflow', provider: 'runflow', config: { require } };
    const answer = await tenant.call<{ errors: { path: string }[] }>('POST', '/v1/sources', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0]?.path).toMatch(/^config\.require/);
  },
);

/** Tables that hold a text as such, or as bytes. */
async function tablesWith(text: string): Promise<string[]> {
  const hex = Buffer.from(text).toString('hex');
  const base64 = Buffer.from(text).toString('base64');
  const { rows: tables } = await app.database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  expect(tables.length).toBeGreaterThan(10);
  const found = [];
  for (const { name } of tables) {
    const { rows } = await app.database.pool.query<{ row: string }>(`select t::text as row from "${name}" t`);
    if (rows.some(({ row }) => [text, hex, base64].some((form) => row.includes(form)))) found.push(name);
  }
  return found;
}
