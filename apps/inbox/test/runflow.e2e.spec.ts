import { eventually, hexHmac, send, TestApp, type TestTenant } from '#testing';
import { sendRaw } from './raw-request.fixture.js';

let app: TestApp;
let second: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
  second = await TestApp.start({ database: app.database, settings: { roles: ['inbox'] } });
});
afterAll(async () => {
  await second.stop();
  await app.stop();
});

const BODY = '{"event":"run.completed","run_id":"run_42","status":"succeeded","output":null}';

function post(url: string, signature: string | undefined, body: string | Buffer = BODY) {
  return send(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(signature === undefined ? {} : { 'runflow-signature': signature }),
    },
    body,
  });
}

function on(other: TestApp, url: string): string {
  return other.url + new URL(url).pathname;
}

async function addSecret(tenant: TestTenant, fields: object = {}) {
  return tenant.ok<{ id: string; plain_secret: string }>('POST', '/v1/callback-secrets', {
    label: 'second',
    source: 'runflow',
    ...fields,
  });
}

describe('a Runflow callback', () => {
  test('with a valid signature is stored and answered with the id of its event', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const answer = await post(source.url, hexHmac(source.secret, BODY));
    expect(answer).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect(answer.headers['content-type']).toBe('application/json');
    expect(Object.keys(answer.body).sort()).toEqual(['id', 'status']);
    expect(answer.body['id']).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    const event = await tenant.ok('GET', `/v1/events/${answer.body['id'] as string}`);
    expect(event).toMatchObject({
      provider: 'runflow',
      source: 'runflow',
      run_id: 'run_42',
      type: 'run.completed',
      provider_event_id: 'run_42:run.completed',
      method: 'POST',
      content_type: 'application/json',
      size: BODY.length,
      body: BODY,
      verification: { scheme: 'hmac', secret_id: source.secretId, secret_label: 'first', signed_at: null },
    });
  });

  test('of a batch carries the id of the batch as its run id', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const body = '{"event":"batch.succeeded","batch_id":"batch_7","output":{"items":[]}}';
    const answer = await post(source.url, hexHmac(source.secret, body), body);
    const event = await tenant.ok('GET', `/v1/events/${answer.body['id'] as string}`);
    expect(event).toMatchObject({ run_id: 'batch_7', type: 'batch.succeeded' });
  });

  test('is refused when it is forged, unsigned or signed over other bytes, and leaves no event', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const valid = hexHmac(source.secret, BODY);
    for (const signature of [
      hexHmac('whsec_of-somebody-else-0123456789abcdef', BODY),
      hexHmac(source.secret, `${BODY}\n`),
      hexHmac(source.secret.replace(/^whsec_/, ''), BODY),
      undefined,
      '',
      valid.slice(0, -1),
      valid.slice(0, -1) + (valid.endsWith('0') ? '1' : '0'),
      `${valid}0`,
    ]) {
      expect((await post(source.url, signature)).status).toBe(401);
    }
    expect(await tenant.ok('GET', '/v1/events')).toMatchObject({ data: [] });
  });

  test('is refused with any other spelling of a valid signature', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    // A body without digits in its signature could not be upper case, so the body is chosen by its signature.
    const body = ['{"n":1}', '{"n":2}', '{"n":3}'].find((text) => /[a-f]/.test(hexHmac(source.secret, text)));
    const valid = hexHmac(source.secret, body ?? '');
    const base64 = Buffer.from(valid, 'hex').toString('base64');
    for (const signature of [
      valid.toUpperCase(),
      `sha256=${valid}`,
      `v1=${valid}`,
      `${valid},${valid}`,
      `${valid} ${valid}`,
      base64,
      `"${valid}"`,
    ]) {
      expect((await post(source.url, signature, body)).status).toBe(401);
    }
    expect((await post(source.url, valid, body)).status).toBe(200);
  });

  test('is refused when its signature stands in two header lines, equal ones too', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const valid = hexHmac(source.secret, BODY);
    const { pathname } = new URL(source.url);
    const request = (...lines: string[]) =>
      sendRaw(
        app.url,
        [`POST ${pathname} HTTP/1.1`, 'Host: x', `Content-Length: ${BODY.length}`, ...lines, '', BODY].join(
          '\r\n',
        ),
      );
    expect(await request(`Runflow-Signature: ${valid}`, `runflow-signature: ${valid}`)).toMatchObject({
      status: 401,
    });
    expect(await request(`RUNFLOW-SIGNATURE: ${valid}`)).toMatchObject({ status: 200 });
  });

  test.each([
    ['an empty body', Buffer.alloc(0), '8162e75d18f4689c7fe3b2710b609927be78afe69fe9adfdf90e117898c65813'],
    [
      'an empty object',
      Buffer.from('{}'),
      'f75fe8bb9ead2b2b2d437746e2696983710e0d9ce240b444d12bd8e88f0ff6d7',
    ],
    [
      'an emoji',
      Buffer.from('{"n":"José 😀"}'),
      '9694a66cc23b98631fd3a4b715eecd6f034f2038e901c25a0fe0e2fa1631083d',
    ],
    [
      'bytes that are no text',
      Buffer.from('fffe0080c328', 'hex'),
      '8f22e5f056e8614444f75af6893e9defdcd7c13e4a1bd683b5f9798b54cd25b0',
    ],
  ])(
    'with %s verifies with the signature that the Runflow samples make of it',
    async (_, body, signature) => {
      const tenant = await app.tenant();
      const source = await tenant.source('runflow', {
        plainSecret: 'whsec_TESTonlyRunflowSecret0123456789abcdef',
      });
      const answer = await post(source.url, signature, body);
      expect(answer.status).toBe(200);
      const stored = await tenant.call('GET', `/v1/events/${answer.body['id'] as string}/body`);
      expect(stored.bytes.equals(body)).toBe(true);
    },
  );
});

describe('the secrets of a source', () => {
  test('verify side by side, and each event names the one that verified it', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow', { config: { dedupe: { window_seconds: 0 } } });
    const other = await addSecret(tenant);
    for (const [secret, id] of [
      [source.secret, source.secretId],
      [other.plain_secret, other.id],
    ] as const) {
      const answer = await post(source.url, hexHmac(secret, BODY));
      expect(answer.status).toBe(200);
      const event = await tenant.ok('GET', `/v1/events/${answer.body['id'] as string}`);
      expect(event).toMatchObject({ verification: { secret_id: id } });
    }
  });

  test('verify at once on another process that has already refused with the old ones', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const imported = 'whsec_imported-by-the-user-0123456789abcdef';
    const url = on(second, source.url);
    expect((await post(url, hexHmac(imported, BODY))).status).toBe(401);
    await addSecret(tenant, { plain_secret: imported });
    await eventually(async () => expect((await post(url, hexHmac(imported, BODY))).status).toBe(200), 1_000);
  });

  test('stop verifying in the second in which they expire', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const expiresAt = Date.now() + 1_200;
    const expiring = await addSecret(tenant, { expires_at: new Date(expiresAt).toISOString() });
    const signature = hexHmac(expiring.plain_secret, BODY);
    for (const url of [source.url, on(second, source.url)])
      expect((await post(url, signature)).status).toBe(200);
    await eventually(async () => {
      for (const url of [source.url, on(second, source.url)]) {
        const sentAt = Date.now();
        const { status } = await post(url, signature);
        if (sentAt < expiresAt) throw new Error('not yet');
        expect(status).toBe(401);
      }
    });
    expect(Date.now()).toBeLessThan(expiresAt + 1_000);
  });

  test('stop verifying within a second of their deletion, on every process', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const doomed = await addSecret(tenant);
    const signature = hexHmac(doomed.plain_secret, BODY);
    const urls = [source.url, on(second, source.url)];
    for (const url of urls) expect((await post(url, signature)).status).toBe(200);
    const deletedAt = Date.now();
    expect((await tenant.call('DELETE', `/v1/callback-secrets/${doomed.id}?force=true`)).status).toBe(204);
    for (const url of urls) {
      await eventually(async () => expect((await post(url, signature)).status).toBe(401), 900);
      expect((await post(url, hexHmac(source.secret, BODY))).status).toBe(200);
    }
    expect(Date.now() - deletedAt).toBeLessThan(1_000);
  });

  test('stop verifying within a second even where the news of their deletion cannot arrive', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const doomed = await addSecret(tenant);
    const url = on(second, source.url);
    const signature = hexHmac(doomed.plain_secret, BODY);
    expect((await post(url, signature)).status).toBe(200);
    const cutting = setInterval(() => void cutListeners(), 20);
    try {
      await cutListeners();
      expect((await tenant.call('DELETE', `/v1/callback-secrets/${doomed.id}?force=true`)).status).toBe(204);
      await eventually(async () => expect((await post(url, signature)).status).toBe(401), 1_000);
    } finally {
      clearInterval(cutting);
    }
  });
});

async function cutListeners(): Promise<void> {
  await app.database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'callbox-changes' and datname = current_database()`,
  );
}
