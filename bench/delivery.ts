import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { median } from './measure.js';
import { startCallbox } from './servers.js';

const EVENTS = 3_000;
const AT_ONCE = 32;
const LONE_CALLBACKS = 50;

/** Deliveries a second to a local app, attempts recorded; and how long one lone callback takes from 200 to its delivery. */
export async function benchDelivery(): Promise<void> {
  const arrivals: number[] = [];
  const app = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      arrivals.push(performance.now());
      response.end();
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const callbox = await startCallbox();
  const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}/`;
  const { id } = await callbox.call<{ id: string }>('POST', '/v1/destinations', {
    name: 'app',
    url,
    max_in_flight: 100,
  });

  const body = '{"event":"bench"}';
  const headers = { 'callbox-signature': createHmac('sha256', callbox.secret).update(body).digest('hex') };
  const post = async (): Promise<void> => {
    const answer = await request(callbox.sourceUrl, { method: 'POST', headers, body });
    await answer.body.dump();
  };
  const until = async (count: number): Promise<void> => {
    while (arrivals.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  const latenciesMs: number[] = [];
  for (let index = 1; index <= LONE_CALLBACKS; index += 1) {
    await post();
    const answeredAt = performance.now();
    await until(index);
    latenciesMs.push((arrivals.at(-1) ?? 0) - answeredAt);
  }
  console.log(`answer to delivery, one at a time: median ${median(latenciesMs).toFixed(1)} ms`);

  await callbox.call('PATCH', `/v1/destinations/${id}`, { status: 'paused' });
  for (let sent = 0; sent < EVENTS; sent += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, post));
  const backlog = Math.ceil(EVENTS / AT_ONCE) * AT_ONCE;
  const startedAt = performance.now();
  await callbox.call('PATCH', `/v1/destinations/${id}`, { status: 'active' });
  await until(LONE_CALLBACKS + backlog);
  const seconds = ((arrivals.at(-1) ?? 0) - startedAt) / 1_000;
  console.log(`backlog of ${backlog} delivered at ${Math.round(backlog / seconds)}/s`);
  await callbox.stop();
  app.close();
}
