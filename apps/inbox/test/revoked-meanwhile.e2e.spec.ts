import { eventually, hexHmac, TestApp, type TestTenant } from '#testing';
import { openConnection, readAnswer } from './raw-request.fixture.js';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start();
  tenant = await app.tenant();
});
afterAll(() => app.stop());

/** Begins a callback and ends it when told, as a slow sender does. */
async function beginCallback(url: string, secret: string) {
  const body = '{"slow":true}';
  const socket = await openConnection(url);
  const answer = readAnswer(socket);
  socket.write(
    `POST ${new URL(url).pathname} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n` +
      `Callbox-Signature: ${hexHmac(secret, body)}\r\n\r\n${body.slice(0, 5)}`,
  );
  return async (): Promise<number> => {
    socket.write(body.slice(5));
    const { status } = await answer;
    socket.destroy();
    return status;
  };
}

/** Until the process has read what was written to it before. */
const untilBegun = () => tenant.ok('GET', '/v1/sources');

/** Until the process has heard of a change, which is announced and not waited for. */
async function untilAnswered(status: number, url: string, secret: string): Promise<void> {
  await eventually(async () => {
    const end = await beginCallback(url, secret);
    expect(await end()).toBe(status);
  });
}

test('a callback whose body comes slowly is let in', async () => {
  const { url, secret } = await tenant.source('callbox', { slug: 'slow' });
  const end = await beginCallback(url, secret);
  await untilBegun();
  expect(await end()).toBe(200);
});

test('a secret that is deleted while the body is on its way does not verify it', async () => {
  const { url, secret, secretId } = await tenant.source('callbox', { slug: 'revoked' });
  const end = await beginCallback(url, secret);
  await untilBegun();
  await tenant.ok('POST', '/v1/callback-secrets', { label: 'other', source: 'revoked' });
  await tenant.ok('DELETE', `/v1/callback-secrets/${secretId}?force=true`);
  await untilAnswered(401, url, secret);
  expect(await end()).toBe(401);
});

test('a source that is deleted while the body is on its way takes nothing', async () => {
  const { url, secret } = await tenant.source('callbox', { slug: 'deleted' });
  const end = await beginCallback(url, secret);
  await untilBegun();
  await tenant.ok('DELETE', '/v1/sources/deleted');
  await untilAnswered(404, url, secret);
  expect(await end()).toBe(404);
});
