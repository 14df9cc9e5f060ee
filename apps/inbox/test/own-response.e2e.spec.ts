import { hexHmac, send, TestApp, type TestTenant } from '#testing';
import { sendRaw } from './raw-request.fixture.js';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start();
  tenant = await app.tenant();
});
afterAll(() => app.stop());

const BODY = '{"event":"run.completed","run_id":"r1"}';

async function postTo(slug: string, response: object) {
  const source = await tenant.source('runflow', { slug, config: { response } });
  return {
    ...source,
    post: () =>
      send(source.url, {
        method: 'POST',
        headers: { 'runflow-signature': hexHmac(source.secret, BODY) },
        body: BODY,
      }),
  };
}

describe('the response of a source', () => {
  test('takes the place of our own when a callback is accepted, byte for byte', async () => {
    const { post } = await postTo('own', {
      status: 202,
      content_type: 'text/xml; charset=utf-8',
      body: '<ok>é</ok>',
    });
    const answer = await post();
    expect(answer).toMatchObject({
      status: 202,
      headers: { 'content-type': 'text/xml; charset=utf-8', 'x-content-type-options': 'nosniff' },
    });
    expect(answer.bytes.toString()).toBe('<ok>é</ok>');
  });

  test('is 200 with no body where it says nothing else', async () => {
    const { post } = await postTo('bare', {});
    const answer = await post();
    expect(answer.status).toBe(200);
    expect(answer.bytes).toHaveLength(0);
  });

  test.each([204, 205])('of %d has no body, and the connection goes on', async (status) => {
    const { url, secret } = await postTo(`s-${status}`, { status, body: 'ignored' });
    const request = [
      `POST ${new URL(url).pathname} HTTP/1.1`,
      'Host: x',
      `Runflow-Signature: ${hexHmac(secret, BODY)}`,
      `Content-Length: ${BODY.length}`,
      '',
      BODY,
    ].join('\r\n');
    const answer = await sendRaw(app.url, request);
    expect(answer).toMatchObject({ status, body: '' });
    expect(answer.head).not.toContain('ignored');
    if (status === 204) expect(answer.head.toLowerCase()).not.toContain('content-length');
    const answers = await Promise.all([send(`${app.url}/healthz`), sendRaw(app.url, request)]);
    expect(answers.map((each) => each.status)).toEqual([200, 200]);
  });

  test('is not given to a duplicate, which gets the id of the first, nor to a refusal', async () => {
    const { post, url } = await postTo('first-only', { status: 201, body: 'taken' });
    expect((await post()).bytes.toString()).toBe('taken');
    const { data } = await tenant.ok<{ data: { id: string }[] }>('GET', '/v1/events?source=first-only');
    expect(await post()).toMatchObject({ status: 200, body: { id: data[0]?.id, status: 'duplicate' } });
    expect((await send(url, { method: 'POST', body: BODY })).status).toBe(401);
  });

  test('can be set and taken back while callbacks come', async () => {
    const { post, id } = await postTo('changing', { status: 299, body: 'a' });
    expect((await post()).status).toBe(299);
    await tenant.ok('PATCH', `/v1/sources/${id}`, { config: { dedupe: { window_seconds: 0 } } });
    expect((await post()).status).toBe(200);
  });

  test.each<[string, object]>([
    ['a status below 200', { status: 199 }],
    ['a status above 299', { status: 300 }],
    ['a status in words', { status: '200' }],
    ['a line break in the content type', { content_type: 'text/plain\r\nx-injected: 1' }],
    ['an empty content type', { content_type: '' }],
    ['a body over 64 KiB', { body: 'x'.repeat(65_537) }],
    ['an unknown field', { headers: {} }],
  ])('is refused with %s', async (_, response) => {
    const answer = await tenant.call('POST', '/v1/sources', {
      slug: 'refused',
      provider: 'runflow',
      config: { response },
    });
    expect(answer.status).toBe(400);
  });
});
