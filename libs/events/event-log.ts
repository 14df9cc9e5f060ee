import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { SETTINGS, type Settings } from '#config';
import { createPool, GroupCommit, poolSize } from '#database';
import { LOGGER, type Logger } from '#logging';
import { type Appended, Appender } from './append.js';
import { countDuplicates, type EventKey } from './count-duplicates.js';
import type { NewEvent } from './new-event.js';
import { PartitionKeeper } from './partition-keeper.js';

const STATEMENT_TIMEOUT_MS = 3_000;
const MOST_WAIT_MS = 2_000;

/** Stores events durably, in group commits. */
@Injectable()
export class EventLog implements OnModuleInit, OnApplicationShutdown {
  readonly #pool: pg.Pool;
  readonly #countPool: pg.Pool;
  readonly #appender: Appender;
  readonly #commits: GroupCommit<NewEvent, Appended>;
  readonly #counts: GroupCommit<EventKey, undefined>;
  readonly #listeners: ((batch: readonly NewEvent[]) => void)[] = [];
  readonly #partitions: PartitionKeeper;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const poolOf = (name: 'events' | 'counts', byKey: boolean): pg.Pool =>
      createPool(settings.databaseUrl ?? '', name, STATEMENT_TIMEOUT_MS, {
        max: poolSize(name, settings.processes),
        byKey,
      }).on('error', (error) => this.logger.warn({ error }, 'event_log.connection_lost'));
    this.#pool = poolOf('events', false);
    this.#countPool = poolOf('counts', true);
    this.#appender = new Appender(this.#pool);
    this.#partitions = new PartitionKeeper(this.#pool, logger);
    this.#commits = new GroupCommit({
      write: (batch) => this.write(batch),
      bytesOf: (event) => event.body.length,
      mostRows: 128,
      mostBatchBytes: 4 * 1024 * 1024,
      mostWaitingRows: 10_000,
      mostWaitingBytes: 128 * 1024 * 1024,
      mostWaitMs: MOST_WAIT_MS,
    });
    this.#counts = new GroupCommit({
      write: (batch) => this.countDuplicates(batch),
      bytesOf: () => 0,
      mostRows: 1_000,
      mostBatchBytes: Infinity,
      mostWaitingRows: 10_000,
      mostWaitingBytes: Infinity,
    });
  }

  async onModuleInit(): Promise<void> {
    await this.#partitions.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#partitions.stop();
    await this.#commits.drain();
    await this.#counts.drain();
    this.#appender.release();
    await Promise.all([this.#pool.end(), this.#countPool.end()]);
  }

  /** Stores an event; resolves after its commit. Rejects with `Overloaded`, or when it could not be stored. */
  async append(event: NewEvent): Promise<Appended> {
    const appended = await this.#commits.add(event);
    // It is stored whatever becomes of the count, so counting must not turn its answer into a failure.
    if (appended.status === 'duplicate') {
      await this.#counts.add({ tenantId: event.tenantId, id: appended.id }).catch(() => undefined);
    }
    return appended;
  }

  /** Calls `listener` after each commit of this process, so that who works beside it need not wait for its next look. */
  onStored(listener: (batch: readonly NewEvent[]) => void): void {
    this.#listeners.push(listener);
  }

  private async write(batch: readonly NewEvent[]): Promise<Appended[]> {
    const appended = await this.appendOrReport(batch);
    for (const listener of this.#listeners) listener(batch);
    return appended;
  }

  private async countDuplicates(batch: readonly EventKey[]): Promise<undefined[]> {
    await countDuplicates(this.#countPool, batch).catch((error: unknown) =>
      this.logger.warn({ error }, 'event_log.duplicates_not_counted'),
    );
    return batch.map(() => undefined);
  }

  private async appendOrReport(batch: readonly NewEvent[]): Promise<Appended[]> {
    try {
      return await this.#appender.append(batch);
    } catch (error) {
      // PostgreSQL's message and detail may quote the rows, so only what names the failure is logged.
      const { name, code, constraint, routine } = error as Partial<pg.DatabaseError>;
      this.logger.warn({ rows: batch.length, name, code, constraint, routine }, 'event_log.batch_refused');
      throw error;
    }
  }
}
