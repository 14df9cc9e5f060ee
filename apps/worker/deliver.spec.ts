import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimedDelivery } from '#deliveries';
import { deliver, type DeliverDependencies } from './deliver.js';

function claimed(ratePerSecond: number | null): ClaimedDelivery {
  const destination = { id: 'd', rate_limit_per_second: ratePerSecond, retry_schedule_seconds: null };
  return {
    tenant_id: 't',
    id: 'one',
    lease_id: 'l',
    event_id: 'e',
    source_id: 's',
    attempt_number: 1,
    wait_ms: 0,
    destination,
    event: { provider: 'callbox', method: 'POST', received_at: '2026-11-22T12:00:00Z', size: 2 },
    is_source_paused: false,
    has_more: false,
  } as unknown as ClaimedDelivery;
}

/** Writes down what a delivery goes through. */
function houseWhere(turn: () => Promise<boolean>): { house: DeliverDependencies; steps: string[] } {
  const steps: string[] = [];
  const note = (step: string) => Promise.resolve(void steps.push(step));
  const house: DeliverDependencies = {
    turn,
    endTurn: (_delivery, answered) => void steps.push(`turn ended: ${answered}`),
    maySend: () => true,
    prepare: () => Promise.resolve({ kind: 'impossible', error: 'preparation_failed' }),
    send: () => Promise.reject(new Error('nothing was prepared')),
    record: () => note('recorded'),
    setAside: () => note('set aside'),
    giveBack: () => note('given back'),
  };
  return { house, steps };
}

describe('a delivery whose turn comes late', () => {
  const late = () => sleep(150, true);

  test('is given back where its destination has a rate limit: its place in the rate is gone', async () => {
    const { house, steps } = houseWhere(late);
    await deliver(claimed(5), house);
    expect(steps).toEqual(['turn ended: null', 'given back']);
  });

  test('is attempted where there is none', async () => {
    const { house, steps } = houseWhere(late);
    await deliver(claimed(null), house);
    expect(steps).toEqual(['turn ended: null', 'recorded']);
  });

  test('is attempted with a rate limit when it comes at once', async () => {
    const { house, steps } = houseWhere(() => Promise.resolve(true));
    await deliver(claimed(5), house);
    expect(steps).toEqual(['turn ended: null', 'recorded']);
  });
});
