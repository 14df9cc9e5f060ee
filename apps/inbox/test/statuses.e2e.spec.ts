import { type Answer, eventually, hexHmac, send, TestApp, type TestTenant } from '#testing';
import { openConnection, readAnswer, sendRaw } from './raw-request.fixture.js';

const LIMIT_BYTES = 100_000;

let app: TestApp;
let second: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start({ settings: { maxBodyBytes: LIMIT_BYTES } });
  second = await TestApp.start({ database: app.database, settings: { roles: ['inbox'] } });
  tenant = await app.tenant();
});
afterAll(async () => {
  await second.stop();
  await app.stop();
});

const BODY = '{"hello":"world"}';

function post(url: string, secret: string, body: string | Buffer = BODY): Promise<Answer> {
  return send(url, { method: 'POST', headers: { 'callbox-signature': hexHmac(secret, body) }, body });
}

async function eventsOf(slug: string): Promise<unknown[]> {
  return (await tenant.ok<{ data: unknown[] }>('GET', `/v1/events?source=${slug}`)).data;
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.body).toMatchObject({ status, code });
  for (const member of ['type', 'title', 'detail', 'instance']) expect(answer.body).toHaveProperty(member);
}

describe('a callback that cannot be verified', () => {
  test('is answered the same whatever was wrong with it', async () => {
    const { url, secret } = await tenant.source('callbox', { slug: 'same' });
    const noSecret = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources', {
      slug: 'without-secret',
      provider: 'callbox',
    });
    const qstash = await tenant.source('qstash', { slug: 'same-q', plainSecret: 'sig_0123456789abcdef0123' });
    const answers = [
      await post(url, 'whsec_wrong-secret-of-somebody-else'),
      await send(url, { method: 'POST', body: BODY }),
      await send(url, { method: 'POST', headers: { 'callbox-signature': 'malformed' }, body: BODY }),
      await send(url, { method: 'POST', headers: { 'callbox-signature': hexHmac(secret, 'x') } }),
      await post(noSecret.ingest_url, secret),
      await send(qstash.url, { method: 'POST', headers: { 'upstash-signature': 'a.b.c' }, body: BODY }),
    ];
    for (const answer of answers) expectProblem(answer, 401, 'signature_invalid');
    const [first, ...others] = answers.map(({ body, headers }) => ({
      ...body,
      instance: 'differs',
      length: headers['content-length'],
      names: Object.keys(headers).sort(),
    }));
    for (const other of others) expect(other).toEqual(first);
    expect(new Set(answers.map(({ body }) => body['instance'])).size).toBe(answers.length);
    expect(await eventsOf('same')).toEqual([]);
  });

  test('is one that was signed with the secret of another source or tenant', async () => {
    const other = await app.tenant();
    const { url } = await tenant.source('callbox', { slug: 'mine' });
    const secrets = [
      await tenant.source('callbox', { slug: 'beside' }),
      await other.source('callbox', { slug: 'mine' }),
    ].map(({ secret }) => secret);
    for (const secret of secrets) expect((await post(url, secret)).status).toBe(401);
    expect(await eventsOf('mine')).toEqual([]);
  });
});

describe('a URL where no source is', () => {
  test('is answered 404, whether the tenant or the source is missing', async () => {
    const { url, secret } = await tenant.source('callbox', { slug: 'there' });
    for (const missing of [
      url.replace(tenant.slug, 'nobody'),
      url.replace('/there', '/elsewhere'),
      url.replace('/there', '/there-not'),
      `${app.url}/in/nobody/nothing/at/all`,
    ]) {
      expectProblem(await post(missing, secret), 404, 'not_found');
      expectProblem(await send(missing), 404, 'not_found');
    }
  });

  test('begins to work as soon as its source is made, on every process', async () => {
    const slug = 'later';
    const urls = [app, second].map(({ url }) => `${url}/in/${tenant.slug}/${slug}`);
    for (const url of urls) expect((await post(url, 'whsec_x')).status).toBe(404);
    const { secret } = await tenant.source('callbox', { slug });
    for (const url of urls)
      await eventually(async () => expect((await post(url, secret)).status).toBe(200), 1_000);
  });

  test('is answered 404 within a second of the deletion of its source, on every process', async () => {
    const { id, secret } = await tenant.source('callbox', { slug: 'doomed' });
    const urls = [app, second].map(({ url }) => `${url}/in/${tenant.slug}/doomed`);
    for (const url of urls) expect((await post(url, secret)).status).toBe(200);
    const deletedAt = Date.now();
    expect((await tenant.call('DELETE', `/v1/sources/${id}`)).status).toBe(204);
    for (const url of urls)
      await eventually(async () => expect((await post(url, secret)).status).toBe(404), 900);
    expect(Date.now() - deletedAt).toBeLessThan(1_000);
    expect(await eventsOf('doomed')).toHaveLength(2);
  });

  test('is answered 404 within a second of the deletion of its tenant, on every process', async () => {
    const doomed = await app.tenant();
    const { secret } = await doomed.source('callbox', { slug: 'all' });
    const urls = [app, second].map(({ url }) => `${url}/in/${doomed.slug}/all`);
    for (const url of urls) expect((await post(url, secret)).status).toBe(200);
    expect((await app.operator('DELETE', `/v1/tenants/${doomed.id}`)).status).toBe(204);
    for (const url of urls)
      await eventually(async () => expect((await post(url, secret)).status).toBe(404), 1_000);
  });

  test('with a body in flight is answered before that body has come', async () => {
    const socket = await openConnection(app.url);
    const answer = readAnswer(socket);
    socket.write('POST /in/nobody/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc');
    expect((await answer).status).toBe(404);
    socket.destroy();
  });
});

describe('a method that no callback has', () => {
  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])('is refused: %s', async (method) => {
    const { url } = await tenant.source('callbox', { slug: `m-${method.toLowerCase()}` });
    const answer = await send(`${url}/further`, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('POST, PUT, PATCH');
    if (method === 'HEAD') expect(answer.bytes).toHaveLength(0);
    else expectProblem(answer, 405, 'method_not_allowed');
  });
});

describe('a body over the limit', () => {
  const head = (path: string, length: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\n${length}\r\nCallbox-Signature: ${'0'.repeat(64)}\r\n\r\n`;
  let url: string;
  let secret: string;
  beforeAll(async () => ({ url, secret } = await tenant.source('callbox', { slug: 'large' })));
  const path = (): string => new URL(url).pathname;

  test('is taken up to the limit and refused one byte later, signed or not', async () => {
    expect((await post(url, secret, 'x'.repeat(LIMIT_BYTES))).status).toBe(200);
    expectProblem(await post(url, secret, 'x'.repeat(LIMIT_BYTES + 1)), 413, 'body_too_large');
    expectProblem(await post(url, 'whsec_wrong', 'x'.repeat(LIMIT_BYTES + 1)), 413, 'body_too_large');
    expect(await eventsOf('large')).toHaveLength(1);
  });

  test('is refused by its Content-Length, before a byte of it is sent', async () => {
    const answer = await sendRaw(app.url, head(path(), 'Content-Length: 1000000000000'));
    expect(answer).toMatchObject({ status: 413 });
    expect(answer.head.toLowerCase()).toContain('connection: close');
  });

  test('is refused when it never ends, and the sender gets to read so', async () => {
    const socket = await openConnection(app.url);
    const answer = readAnswer(socket);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(head(path(), 'Transfer-Encoding: chunked'));
    const chunk = Buffer.from(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    const pump = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    expect(await answer).toMatchObject({ status: 413 });
    await closed;
  });

  test('leaves its answer with a sender that reads only when it has sent everything', async () => {
    const socket = await openConnection(app.url);
    socket.pause();
    const body = Buffer.alloc(LIMIT_BYTES * 5, 'x');
    socket.write(head(path(), `Content-Length: ${body.length}`));
    await new Promise((resolve) => socket.write(body, resolve));
    const answer = readAnswer(socket);
    socket.resume();
    expect(await answer).toMatchObject({ status: 413 });
    socket.destroy();
  });

  test('leaves nothing behind, and the next callbacks are taken', async () => {
    const before = await eventsOf('large');
    for (let number = 0; number < 5; number += 1)
      expect((await post(url, secret, Buffer.alloc(LIMIT_BYTES * 2, number))).status).toBe(413);
    expect(await eventsOf('large')).toEqual(before);
    expect((await post(url, secret, 'small')).status).toBe(200);
  });
});

describe('a sender that goes away', () => {
  test('in the middle of its body leaves no event and no open promise', async () => {
    const { url, secret } = await tenant.source('callbox', { slug: 'gone' });
    const socket = await openConnection(app.url);
    socket.write(
      `POST ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n` +
        `Callbox-Signature: ${hexHmac(secret, '12345')}\r\n\r\n12345`,
    );
    await eventually(() => {
      if (!socket.destroyed) socket.destroy();
      const line = app.log.find((entry) => entry.includes('"outcome":"aborted"'));
      expect(JSON.parse(line ?? '{}')).toMatchObject({ msg: 'callback.received', status: null });
    });
    expect(await eventsOf('gone')).toEqual([]);
  });
});
