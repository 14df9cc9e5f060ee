import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { TestApp } from '#testing';

let app: TestApp;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
beforeAll(async () => {
  app = await TestApp.start({ settings: { maxBodyBytes: 200_000 } });
});
afterAll(async () => {
  agent.destroy();
  await app.stop();
});

/** Posts over the one connection; gives back whether it was there already. */
async function post(
  path: string,
  body: Buffer,
): Promise<{ status: number; reused: boolean; closes: boolean }> {
  const sent = request(`${app.url}${path}`, {
    method: 'POST',
    agent,
    headers: { 'content-length': body.length },
  });
  sent.end(body);
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  await text(response);
  return {
    status: response.statusCode ?? 0,
    reused: sent.reusedSocket,
    closes: response.headers.connection === 'close',
  };
}

describe('a body that nobody reads', () => {
  test('is discarded when it is short, and the connection is kept', async () => {
    expect(await post('/in/nobody/nothing', Buffer.alloc(60_000))).toMatchObject({
      status: 404,
      closes: false,
    });
    expect(await post('/in/nobody/nothing', Buffer.from('a'))).toEqual({
      status: 404,
      reused: true,
      closes: false,
    });
  });

  test('closes the connection when it is long, after the answer', async () => {
    expect(await post('/in/nobody/nothing', Buffer.alloc(5_000_000))).toMatchObject({
      status: 404,
      closes: true,
    });
    expect(await post('/in/default/default', Buffer.alloc(5_000_000))).toMatchObject({ closes: true });
  });
});
