import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type pg from 'pg';
import { SETTINGS, type Settings } from '#config';
import { Changes, createPool, poolSize } from '#database';
import { DeliveryPreparer, fanOut, Pruner, Redeliverer, settle } from '#deliveries';
import { EventLog } from '#events';
import { LOGGER, type Logger } from '#logging';
import { METRICS, type Registry } from '#metrics';
import { AddressPolicy, OutboundClient } from '#outbound';
import { pruneRejections } from '#rejections';
import { pruneAnswers } from '#tenants';
import { Deliverer } from './deliverer.js';
import { DeliveryMetrics } from './delivery-metrics.js';
import { Loop } from './loop.js';

const STATEMENT_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 200;
/** After some events were fanned out, for the next ones to gather: a lone event never waits, a stream costs fewer looks. */
const GATHER_MS = 5;
/** The same after events that no destination wanted. */
const GATHER_UNWANTED_MS = 20;
const SETTLE_EVERY_MS = 2_000;
/** Windows per destination are what bounds it; several destinations may share an origin. */
const MOST_SOCKETS_PER_ORIGIN = 1_000;
/** As many as a burst may have used: fewer would be closed at its end and opened again by the next one. */
const MOST_IDLE_SOCKETS = 1_024;
/** Between two looks at orders whose destinations have as much as they can take. */
const REDELIVER_REST_MS = 50;
const PRUNE_EVERY_MS = 60_000;
/** Between two batches of what has expired, so that callbacks have the disk to themselves in between. */
const PRUNE_REST_MS = 100;

/** Runs the jobs of this process, and stops them in order. */
@Injectable()
export class Worker implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  readonly #pool: pg.Pool;
  readonly #deliverer: Deliverer;
  readonly #loops: { fanOut: Loop; deliver: Loop; redeliver: Loop; settle: Loop; prune: Loop };

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) logger: Logger,
    @Inject(METRICS) metrics: Registry,
    preparer: DeliveryPreparer,
    eventLog: EventLog,
    changes: Changes,
  ) {
    const pool = createPool(settings.databaseUrl ?? '', 'worker', STATEMENT_TIMEOUT_MS, {
      max: poolSize('worker', settings.processes),
      plans: 'by-key',
    });
    pool.on('error', (error) => logger.warn({ error }, 'worker.connection_lost'));
    this.#pool = pool;
    const pruner = new Pruner(pool);
    const redeliverer = new Redeliverer(pool);
    const loop = (name: string, idleMs: number, work: () => Promise<boolean>) =>
      new Loop({ name, idleMs, work, logger });
    const deliver = loop('deliver', LOOK_EVERY_MS, () => this.#deliverer.work());
    this.#deliverer = new Deliverer({
      pool,
      preparer,
      client: new OutboundClient({
        policy: new AddressPolicy(settings.allowedDestinations),
        maxSocketsPerOrigin: MOST_SOCKETS_PER_ORIGIN,
        maxIdleSockets: MOST_IDLE_SOCKETS,
      }),
      logger,
      metrics: new DeliveryMetrics(metrics),
      onRoom: () => deliver.wake(),
    });
    this.#loops = {
      deliver,
      fanOut: loop('fan-out', LOOK_EVERY_MS, async () => {
        const { mayBeMore, deliveries } = await fanOut(pool);
        if (deliveries > 0) deliver.wake();
        if (mayBeMore) await sleep(deliveries > 0 ? GATHER_MS : GATHER_UNWANTED_MS);
        return mayBeMore;
      }),
      redeliver: loop('redeliver', LOOK_EVERY_MS, async () => {
        const { fed, left } = await redeliverer.round();
        if (fed > 0) deliver.wake();
        if (left === 'wait') await sleep(REDELIVER_REST_MS);
        return left !== 'none';
      }),
      settle: loop('settle', SETTLE_EVERY_MS, async () => {
        const { moved, resumed } = await settle(pool);
        this.#deliverer.resume(resumed);
        if (moved > 0) deliver.wake();
        return moved > 0;
      }),
      prune: loop('prune', PRUNE_EVERY_MS, async () => {
        const pruned = (await pruner.prune()) + (await pruneAnswers(pool)) + (await pruneRejections(pool));
        if (pruned > 0) await sleep(PRUNE_REST_MS);
        return pruned > 0;
      }),
    };
    changes.subscribe((change) => this.#deliverer.heedChange(change));
    eventLog.onOwed(() => this.#loops.fanOut.wake());
  }

  onApplicationBootstrap(): void {
    for (const loop of Object.values(this.#loops)) loop.start();
  }

  /** At the very beginning of the end: other workers take over while the rest of the process is still closing. */
  onModuleDestroy(): void {
    this.#deliverer.beginStop();
  }

  async onApplicationShutdown(): Promise<void> {
    const drained = this.#deliverer.stop();
    await Promise.all(Object.values(this.#loops).map((loop) => loop.stop()));
    await drained;
    await this.#pool.end();
  }
}
