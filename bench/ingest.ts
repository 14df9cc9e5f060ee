import { createHmac } from 'node:crypto';
import { type Lane, median, measure } from './measure.js';
import { startBaseline, startCallbox } from './servers.js';

const ROUNDS = 3;
const SECONDS = 4;
const BODY_BYTES = 1_024;

/**
 * Callbacks a second that are verified and durably stored, against a bare Fastify server that verifies and stores
 * nothing, turn by turn within one run: the ratio is what counts, machines are noisy.
 */
export async function benchIngest(): Promise<void> {
  const callbox = await startCallbox();
  const baseline = await startBaseline();
  const body = JSON.stringify({
    event: 'run.completed',
    run_id: 'run_1',
    filler: 'x'.repeat(BODY_BYTES - 70),
  });
  const sign = (secret: string) => createHmac('sha256', secret).update(body).digest('hex');
  const lanes: Lane[] = [
    {
      name: 'bare Fastify + HMAC, nothing stored',
      url: baseline.url,
      headers: { 'callbox-signature': sign(baseline.secret) },
      body,
    },
    {
      name: 'Callbox, verified and committed',
      url: callbox.sourceUrl,
      headers: { 'callbox-signature': sign(callbox.secret) },
      body,
    },
    {
      name: 'Callbox, verified and refused',
      url: callbox.sourceUrl,
      headers: { 'callbox-signature': sign('another secret') },
      body,
      expectedStatus: 401,
    },
  ];
  const before = await callbox.countEvents();
  const rates = lanes.map((): number[] => []);
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, lane] of lanes.entries()) {
      const result = await measure(lane, { seconds: SECONDS, connections: 64 });
      rates[index]?.push(result.perSecond);
      if (index === 1) accepted += result.answered;
      console.log(
        `${lane.name}: ${Math.round(result.perSecond)}/s, p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms`,
      );
    }
  }
  const stored = (await callbox.countEvents()) - before;
  const [base = 1, durable = 0, refused = 0] = rates.map(median);
  console.log(`\nratio ingest, durable / bare:  ${(durable / base).toFixed(2)}`);
  console.log(`ratio ingest, refused / bare:  ${(refused / base).toFixed(2)}`);
  console.log(`answered 200: ${accepted}, stored: ${stored}${stored >= accepted ? '' : '  LOST EVENTS'}`);
  await callbox.stop();
  baseline.stop();
  if (stored < accepted) process.exitCode = 1;
}
