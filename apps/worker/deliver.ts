import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttemptResult,
  type ClaimedDelivery,
  decide,
  type Obstacle,
  type Preparation,
  type RecordedAttempt,
  signOf,
} from '#deliveries';
import type { OutboundRequest, OutboundResult, PartialAnswer } from '#outbound';

/** What delivering needs of the rest of the house. */
export interface DeliverDependencies {
  /** Waits until the destination may have one more request under way; `false`: better give the delivery back. */
  turn(delivery: ClaimedDelivery): Promise<boolean>;
  /** Says whether the destination answered; `null` when nothing was sent. */
  endTurn(delivery: ClaimedDelivery, answered: boolean | null): void;
  /** `false` once this worker stops, or cannot be sure any more that nobody else has the delivery. */
  maySend(delivery: ClaimedDelivery): boolean;
  prepare(delivery: ClaimedDelivery, nowMs: number): Promise<Preparation>;
  send(request: OutboundRequest): Promise<OutboundResult>;
  record(attempt: RecordedAttempt): Promise<void>;
  setAside(delivery: ClaimedDelivery, obstacle: Obstacle): Promise<void>;
  giveBack(delivery: ClaimedDelivery): Promise<void>;
}

/** So much later than its place in the destination's rate a request may still be sent. */
const LATEST_MS = 100;

/** An attempt that was made, or could not even begin. */
interface MadeAttempt {
  readonly kind: 'made';
  readonly startedAtMs: number;
  readonly result: OutboundResult | { readonly ok: false; readonly error: string; readonly isFinal: boolean };
}

/**
 * The way of a delivery: wait for its turn, prepare the request, send it outside any transaction, decide what follows,
 * record both. A result that comes when another worker has taken over changes nothing.
 */
export async function deliver(delivery: ClaimedDelivery, house: DeliverDependencies): Promise<void> {
  const obstacle = obstacleOf(delivery);
  if (obstacle !== null) return house.setAside(delivery, obstacle);
  if (delivery.wait_ms > 0) await sleep(delivery.wait_ms);
  const readyAtMs = performance.now();
  if (!(await house.turn(delivery))) return house.giveBack(delivery);
  if (hasMissedItsPlace(delivery, performance.now() - readyAtMs)) {
    house.endTurn(delivery, null);
    return house.giveBack(delivery);
  }

  const attempt = await prepareAndSend(delivery, house);
  switch (attempt.kind) {
    case 'gone':
      return house.setAside(delivery, 'cancelled');
    case 'refrained':
      return house.giveBack(delivery);
    case 'made':
      return house.record(recordOf(delivery, attempt));
  }
}

/**
 * Places in a rate are handed out when deliveries are claimed. Of a destination that answers slowly several could have
 * passed before there is a turn; to use them up then would be a burst above the rate.
 */
function hasMissedItsPlace({ destination }: ClaimedDelivery, waitedMs: number): boolean {
  return destination.rate_limit_per_second !== null && waitedMs > LATEST_MS;
}

function obstacleOf(delivery: ClaimedDelivery): Obstacle | null {
  if (delivery.event === null) return 'cancelled';
  return delivery.is_source_paused ? 'held' : null;
}

async function prepareAndSend(
  delivery: ClaimedDelivery,
  house: DeliverDependencies,
): Promise<MadeAttempt | { readonly kind: 'gone' | 'refrained' }> {
  let answered: boolean | null = null;
  try {
    const startedAtMs = Date.now();
    const prepared = await house.prepare(delivery, startedAtMs);
    if (prepared.kind === 'gone') return { kind: 'gone' };
    if (prepared.kind === 'impossible') return { kind: 'made', startedAtMs, result: unsent(prepared.error) };
    if (!house.maySend(delivery)) return { kind: 'refrained' };
    const result = await house.send(prepared.request);
    // Cut off by our own stopping: another worker tries.
    if (!result.ok && result.error === 'client_closed') return { kind: 'refrained' };
    answered = result.ok;
    return { kind: 'made', startedAtMs, result };
  } finally {
    house.endTurn(delivery, answered);
  }
}

function unsent(error: 'loop_detected' | 'preparation_failed'): MadeAttempt['result'] {
  return { ok: false, error, isFinal: error === 'loop_detected' };
}

function recordOf(delivery: ClaimedDelivery, { startedAtMs, result }: MadeAttempt): RecordedAttempt {
  const came = answerIn(result);
  const answer = resultOf(result, came);
  return {
    tenantId: delivery.tenant_id,
    deliveryId: delivery.id,
    destinationId: delivery.destination.id,
    leaseId: delivery.lease_id,
    number: delivery.attempt_number,
    startedAtMs,
    durationMs: 'durationMs' in result ? result.durationMs : 0,
    statusCode: answer.statusCode,
    error: answer.error,
    responseHeaders: came?.headers ?? null,
    responseBody: came?.body ?? null,
    responseTruncated: result.ok && result.truncated,
    decision: decide(answer, {
      attemptCount: delivery.attempt_number,
      scheduleSeconds: delivery.destination.retry_schedule_seconds,
      nowMs: Date.now(),
      random: Math.random(),
    }),
    sign: signOf(answer),
  };
}

/** What there is of an answer, also of one that broke off. */
function answerIn(result: MadeAttempt['result']): PartialAnswer | null {
  if (result.ok) return result;
  return 'partial' in result ? result.partial : null;
}

function resultOf(result: MadeAttempt['result'], came: PartialAnswer | null): AttemptResult {
  const { statusCode, headers } = came ?? { statusCode: null, headers: [] };
  return {
    statusCode,
    error: result.ok ? null : result.error,
    headers,
    isFinal: 'isFinal' in result && result.isFinal,
  };
}
