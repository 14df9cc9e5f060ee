import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttemptResult,
  type ClaimedDelivery,
  decide,
  type Obstacle,
  type Preparation,
  type RecordedAttempt,
} from '#deliveries';
import type { OutboundRequest, OutboundResult } from '#outbound';
import { findPreset } from '#providers';

/** What became of a claimed delivery; `answered` says whether its destination shows signs of life. */
export type Outcome =
  { readonly kind: 'attempted'; readonly answered: boolean } | { readonly kind: 'set_aside' | 'given_back' };

/** What delivering needs of the rest of the house. */
export interface DeliverDependencies {
  prepare(delivery: ClaimedDelivery, nowMs: number): Promise<Preparation>;
  send(request: OutboundRequest): Promise<OutboundResult>;
  record(attempt: RecordedAttempt): Promise<void>;
  setAside(delivery: ClaimedDelivery, obstacle: Obstacle): Promise<void>;
  giveBack(delivery: ClaimedDelivery): Promise<void>;
  /** `false` once this worker stops, or cannot be sure any more that nobody else has the delivery. */
  maySend(delivery: ClaimedDelivery): boolean;
}

/** An attempt that was made, or could not even begin. */
interface MadeAttempt {
  readonly startedAtMs: number;
  readonly result: OutboundResult | { readonly ok: false; readonly error: string; readonly isFinal: boolean };
}

/**
 * The way of a delivery: wait for the destination's rate limit, prepare the request, send it outside any transaction,
 * decide what follows, record both. A result that comes when another worker has taken over changes nothing.
 */
export async function deliver(delivery: ClaimedDelivery, house: DeliverDependencies): Promise<Outcome> {
  const obstacle = obstacleOf(delivery);
  if (obstacle !== null) return setAside(delivery, obstacle, house);
  if (delivery.wait_ms > 0) await sleep(delivery.wait_ms);
  if (!house.maySend(delivery)) return giveBack(delivery, house);

  const startedAtMs = Date.now();
  const prepared = await house.prepare(delivery, startedAtMs);
  if (prepared.kind === 'gone') return setAside(delivery, 'cancelled', house);
  if (!house.maySend(delivery)) return giveBack(delivery, house);

  const result = prepared.kind === 'ready' ? await house.send(prepared.request) : unsent(prepared.error);
  // Cut off by our own stopping: another worker tries.
  if (!result.ok && result.error === 'client_closed') return giveBack(delivery, house);

  await house.record(attemptOf(delivery, { startedAtMs, result }));
  return { kind: 'attempted', answered: result.ok };
}

function obstacleOf(delivery: ClaimedDelivery): Obstacle | null {
  if (delivery.event === null) return 'cancelled';
  return delivery.is_source_paused ? 'held' : null;
}

async function setAside(
  delivery: ClaimedDelivery,
  obstacle: Obstacle,
  house: DeliverDependencies,
): Promise<Outcome> {
  await house.setAside(delivery, obstacle);
  return { kind: 'set_aside' };
}

async function giveBack(delivery: ClaimedDelivery, house: DeliverDependencies): Promise<Outcome> {
  await house.giveBack(delivery);
  return { kind: 'given_back' };
}

function unsent(error: 'loop_detected' | 'preparation_failed'): MadeAttempt['result'] {
  return { ok: false, error, isFinal: error === 'loop_detected' };
}

function attemptOf(delivery: ClaimedDelivery, { startedAtMs, result }: MadeAttempt): RecordedAttempt {
  const answer = resultOf(delivery, result);
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
    responseHeaders: result.ok ? result.headers : null,
    responseBody: result.ok ? result.body : null,
    responseTruncated: result.ok && result.truncated,
    decision: decide(answer, {
      attemptCount: delivery.attempt_number,
      scheduleSeconds: delivery.destination.retry_schedule_seconds,
      nowMs: Date.now(),
      random: Math.random(),
    }),
  };
}

function resultOf(delivery: ClaimedDelivery, result: MadeAttempt['result']): AttemptResult {
  if (!result.ok) {
    const statusCode = 'statusCode' in result ? result.statusCode : null;
    return {
      statusCode,
      error: result.error,
      retryAfter: null,
      isFinal: 'isFinal' in result && result.isFinal,
    };
  }
  const preset = findPreset(delivery.event?.provider ?? '');
  return {
    statusCode: result.statusCode,
    error: null,
    retryAfter: result.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? null,
    isFinal: preset?.isFinalFailure?.(result.statusCode, result.headers) ?? false,
  };
}
