import { eventually, hexHmac, send, TestApp } from '#testing';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const droppedIn = (metrics: string): number =>
  Number(/callbox_rejections_dropped_total\{because="rate"\} (\d+)/.exec(metrics)?.[1] ?? 0);

test('beyond ten a second callbacks are refused as ever, counted and not kept', async () => {
  const tenant = await app.tenant();
  const { url, secret } = await tenant.source('callbox');
  let sent = 0;
  const refuse = async (): Promise<number> => {
    sent += 1;
    return (await send(url, { method: 'POST', headers: { 'callbox-signature': 'a'.repeat(64) }, body: '{}' }))
      .status;
  };
  const dropped = await eventually(async () => {
    expect(await Promise.all(Array.from({ length: 30 }, refuse))).toEqual(Array(30).fill(401));
    const count = droppedIn((await send(`${app.url}/metrics`)).bytes.toString());
    expect(count).toBeGreaterThan(0);
    return count;
  });
  const accepted = { method: 'POST', headers: { 'callbox-signature': hexHmac(secret, '{}') }, body: '{}' };
  expect((await send(url, accepted)).status).toBe(200);
  await eventually(async () => {
    const { data } = await tenant.ok<{ data: object[] }>('GET', '/v1/rejections/counts?source=callbox');
    const day = new Date().toISOString().slice(0, 10);
    expect(data).toEqual([{ source: 'callbox', day, received: sent, kept: sent - dropped }]);
  });
  const kept = await tenant.ok<{ data: object[] }>('GET', '/v1/rejections?limit=250');
  expect(kept.data).toHaveLength(sent - dropped);
  expect(sent - dropped).toBeGreaterThanOrEqual(10);
});
