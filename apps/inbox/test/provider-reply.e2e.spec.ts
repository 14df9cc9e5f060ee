import { createHash } from 'node:crypto';
import { send, TestApp, type TestTenant } from '#testing';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await app.tenant();
});

describe('Adobe Sign', () => {
  const clientId = 'CBJCHBCAABAAexample';
  const body = '{"webhookNotificationId":"n-1","event":"AGREEMENT_CREATED"}';

  test('hears its client id again with every callback, new or not', async () => {
    const { url } = await tenant.source('adobe-sign', { plainSecret: clientId });
    const post = () => send(url, { method: 'POST', headers: { 'x-adobesign-clientid': clientId }, body });
    for (const answer of [await post(), await post()]) {
      expect(answer).toMatchObject({ status: 200, headers: { 'x-adobesign-clientid': clientId } });
      expect(answer.bytes.toString()).toBe(`{"xAdobeSignClientId":"${clientId}"}`);
    }
    expect((await tenant.ok<{ data: object[] }>('GET', '/v1/events')).data).toHaveLength(1);
  });

  test('hears it by GET, which stores nothing; another id is refused and not repeated', async () => {
    const { url } = await tenant.source('adobe-sign', { plainSecret: clientId });
    const ask = (id: string) => send(url, { headers: { 'x-adobesign-clientid': id } });
    expect(await ask(clientId)).toMatchObject({ status: 200, headers: { 'x-adobesign-clientid': clientId } });
    const refused = await ask('another-client-id');
    expect(refused.status).toBe(401);
    expect(refused.headers).not.toHaveProperty('x-adobesign-clientid');
    expect(refused.bytes.toString()).not.toContain('another-client-id');
    expect(await tenant.ok('GET', '/v1/events')).toMatchObject({ data: [] });
  });

  test('hears nothing of it where the owner of the source has chosen another answer', async () => {
    const { url } = await tenant.source('adobe-sign', {
      plainSecret: clientId,
      config: { response: { status: 202, body: 'mine' } },
    });
    const answer = await send(url, { method: 'POST', headers: { 'x-adobesign-clientid': clientId }, body });
    expect(answer.status).toBe(202);
    expect(answer.bytes.toString()).toBe('mine');
  });
});

test('Praxis gets an answer that is signed with the secret it signed with', async () => {
  const { url, secret } = await tenant.source('praxis', { plainSecret: 'an-example-merchant-secret' });
  const sha384 = (text: string) => createHash('sha384').update(text).digest('hex');
  const answer = await send<{ status: number; timestamp: number }>(url, {
    method: 'POST',
    headers: { 'gt-authentication': sha384(`m-1${secret}`) },
    body: '{"merchant_id":"m-1"}',
  });
  expect(answer).toMatchObject({ status: 200, body: { status: 0 } });
  expect(answer.headers['gt-authentication']).toBe(sha384(`0${answer.body.timestamp}${secret}`));
});
