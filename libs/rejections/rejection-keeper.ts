import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { SETTINGS, type Settings } from '#config';
import { createPool, newId, timeOfId, within } from '#database';
import { diagnose, type Diagnosis, type KnownSecret } from '#diagnosis';
import { LOGGER, type Logger } from '#logging';
import { Counter, METRICS, type Registry } from '#metrics';
import { decompressed } from './decompressed.js';
import { KeepRate } from './keep-rate.js';
import { keptRejection, type KeptRejection } from './kept-rejection.js';
import { KnownSecrets } from './known-secrets.js';
import { OtherWork } from './other-work.js';
import { shownUrl } from './redaction.js';
import type { RefusedCallback } from './refused-callback.js';
import { type Waiting, WaitingRoom } from './waiting-room.js';
import { type RefusalCount, writeCounts, writeRejections } from './write-rejections.js';

const MOST_A_SECOND = 10;
const MOST_IN_A_BATCH = 20;
/** A commit costs as much for one as for several: so long the next one is waited for. */
const GATHERED_FOR_MS = 50;
const STATEMENT_TIMEOUT_MS = 5_000;
/** Documents of a provider's may have to be fetched for it. */
const DIAGNOSIS_TIMEOUT_MS = 3_000;
const COUNTS_EVERY_MS = 2_000;
const MOST_COUNTED = 10_000;
/**
 * After each diagnosis so many times as long is rested, so that callbacks which are accepted do not feel those that are not:
 * while there is little else to do, diagnosing takes a third of the time, else a tenth.
 */
const REST = 2;
const LONGER_REST = 7;
const BUSY = 0.5;
const LONGEST_REST_MS = 50;

const UNDIAGNOSED: Diagnosis = {
  code: 'unknown',
  cause: 'What was needed to find it out could not be had when the callback came',
  fix: 'See the reason, and the set-up of the provider: GET /v1/providers',
};

type Drop = 'rate' | 'no_room' | 'not_written';

/**
 * Keeps refused callbacks, once they have been answered: ten a second of each source, one after another. What goes beyond
 * that, or finds no room, is only counted.
 */
@Injectable()
export class RejectionKeeper implements OnApplicationShutdown {
  readonly #pool: pg.Pool;
  readonly #rate = new KeepRate(MOST_A_SECOND);
  readonly #waiting = new WaitingRoom();
  readonly #otherWork = new OtherWork(performance.eventLoopUtilization());
  readonly #dropped: Counter;
  #counts = new Map<string, RefusalCount>();
  #countTimer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #isStopping = false;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
    private readonly secrets: KnownSecrets,
  ) {
    this.#pool = createPool(settings.databaseUrl ?? '', 'rejections', STATEMENT_TIMEOUT_MS, {
      max: 1,
      plans: 'by-index',
    });
    this.#pool.on('error', (error) => this.logger.warn({ error }, 'rejections.connection_lost'));
    this.#dropped = new Counter({
      name: 'callbox_rejections_dropped_total',
      help: 'Refused callbacks that were counted and not kept, by why',
      labelNames: ['because'],
      registers: [metrics],
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#countTimer);
    await this.#working;
    await this.flushCounts();
    await this.#pool.end();
  }

  /** Takes note of a refused callback. Costs its caller next to nothing, and never fails. */
  note(refused: RefusedCallback): void {
    const id = newId();
    const { tenantId, id: sourceId } = refused.source;
    const isKept = this.#rate.take(`${tenantId}/${sourceId}`, timeOfId(id));
    this.count(refused, { id, received: 1, kept: 0 });
    if (!isKept) return this.drop('rate');
    if (!this.#waiting.enter({ id, refused })) return this.drop('no_room');
    this.#working ??= this.work().finally(() => {
      this.#working = undefined;
    });
  }

  private drop(because: Drop, howMany = 1): void {
    this.#dropped.inc({ because }, howMany);
  }

  private async work(): Promise<void> {
    while (!this.#waiting.isEmpty) {
      const batch: { row: KeptRejection; waiting: Waiting }[] = [];
      for (let next = this.#waiting.next(); next !== undefined; next = this.#waiting.next()) {
        batch.push({ row: keptRejection(next, await this.judge(next)), waiting: next });
        if (batch.length >= MOST_IN_A_BATCH) break;
        if (this.#waiting.isEmpty && !this.#isStopping) await pause(GATHERED_FOR_MS);
      }
      await this.write(batch);
    }
  }

  private async judge(waiting: Waiting): Promise<{ diagnosis: Diagnosis; secrets: readonly string[] }> {
    const { tenantId, id, preset } = waiting.refused.source;
    try {
      const known = await this.secrets.of(tenantId, { id, provider: preset.id });
      await nextTurn();
      const startedAt = performance.now();
      const diagnosis = await within(DIAGNOSIS_TIMEOUT_MS, this.diagnose(waiting, known));
      await this.rest(performance.now() - startedAt);
      return { diagnosis, secrets: known.flatMap(({ plainSecret }) => plainSecret ?? []) };
    } catch (error) {
      this.logger.warn({ error_name: (error as Error).name }, 'rejections.not_diagnosed');
      return { diagnosis: UNDIAGNOSED, secrets: [] };
    }
  }

  private diagnose({ id, refused }: Waiting, known: readonly KnownSecret[]): Promise<Diagnosis> {
    const { source, reason, callback, published } = refused;
    const receivedAtMs = timeOfId(id);
    return diagnose(
      { reason, request: callback, receivedAtMs },
      {
        preset: source.preset,
        scheme: source.scheme,
        toleranceSeconds: source.config.tolerance_seconds,
        keys: source.keys.filter(({ expiresAtMs }) => expiresAtMs > receivedAtMs),
        maxBodyBytes: this.settings.maxBodyBytes,
        // What is kept of it will do: whoever verified the callback has asked for more already.
        published: (url, _wanted, asking) => published(url, 'cached', asking),
        secrets: () => Promise.resolve(known),
        decompressed,
        showUrl: (url) => shownUrl(source, url),
      },
    );
  }

  private async rest(spentMs: number): Promise<void> {
    if (this.#isStopping) return;
    const isBusy = this.#otherWork.share(performance.eventLoopUtilization(), spentMs) > BUSY;
    await pause(spentMs * REST);
    if (isBusy) await pause(spentMs * LONGER_REST);
  }

  private async write(batch: readonly { row: KeptRejection; waiting: Waiting }[]): Promise<void> {
    try {
      await writeRejections(
        this.#pool,
        batch.map(({ row }) => row),
      );
      for (const { waiting } of batch) this.count(waiting.refused, { id: waiting.id, received: 0, kept: 1 });
    } catch (error) {
      const { name, code } = error as { name?: string; code?: string };
      this.logger.warn({ rows: batch.length, name, code }, 'rejections.not_written');
      if (batch.length > 1 && /^2[23]/.test(code ?? '')) for (const one of batch) await this.write([one]);
      else this.drop('not_written', batch.length);
    }
  }

  private count(
    { source: { tenantId, id: sourceId } }: RefusedCallback,
    { id, received, kept }: { readonly id: string; readonly received: number; readonly kept: number },
  ): void {
    const day = new Date(timeOfId(id)).toISOString().slice(0, 10);
    const key = `${sourceId}/${day}`;
    const count = this.#counts.get(key) ?? { tenantId, sourceId, day, received: 0, kept: 0 };
    if (!this.#counts.has(key) && this.#counts.size >= MOST_COUNTED) return;
    count.received += received;
    count.kept += kept;
    this.#counts.set(key, count);
    this.#countTimer ??= setTimeout(() => void this.flushCounts(), COUNTS_EVERY_MS).unref();
  }

  private async flushCounts(): Promise<void> {
    this.#countTimer = undefined;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    if (counts.length === 0) return;
    await writeCounts(this.#pool, counts).catch((error: unknown) =>
      this.logger.warn({ code: (error as { code?: string }).code }, 'rejections.counts_not_written'),
    );
  }
}

function pause(ms: number): Promise<void> {
  return sleep(Math.min(ms, LONGEST_REST_MS), undefined, { ref: false });
}
