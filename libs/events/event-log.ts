import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { SETTINGS, type Settings } from '#config';
import { createPool, GroupCommit, poolSize } from '#database';
import { LOGGER, type Logger } from '#logging';
import { type Appended, type AppendedBatch, Appender } from './append.js';
import type { NewEvent } from './new-event.js';
import { PartitionKeeper } from './partition-keeper.js';

const STATEMENT_TIMEOUT_MS = 3_000;
const MOST_WAIT_MS = 2_000;
/** With fewer a statement costs more for each than PostgreSQL would otherwise wait for it. */
const ROWS_AHEAD = 16;

/** Stores events durably, in group commits. */
@Injectable()
export class EventLog implements OnModuleInit, OnApplicationShutdown {
  readonly #pool: pg.Pool;
  readonly #appender: Appender;
  readonly #commits: GroupCommit<NewEvent, Appended>;
  readonly #listeners: { stored: ((batch: readonly NewEvent[]) => void)[]; owed: (() => void)[] } = {
    stored: [],
    owed: [],
  };
  readonly #partitions: PartitionKeeper;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#pool = createPool(settings.databaseUrl ?? '', 'events', STATEMENT_TIMEOUT_MS, {
      max: poolSize('events', settings.processes),
      plans: 'by-index',
      pipeline: true,
    }).on('error', (error) => this.logger.warn({ error }, 'event_log.connection_lost'));
    this.#appender = new Appender(this.#pool);
    this.#partitions = new PartitionKeeper(this.#pool, logger);
    this.#commits = new GroupCommit({
      write: (batch) => this.write(batch),
      bytesOf: (event) => event.body.length,
      mostRows: 128,
      rowsAhead: ROWS_AHEAD,
      mostBatchBytes: 4 * 1024 * 1024,
      mostWaitingRows: 10_000,
      mostWaitingBytes: 128 * 1024 * 1024,
      mostWaitMs: MOST_WAIT_MS,
    });
  }

  async onModuleInit(): Promise<void> {
    await this.#partitions.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#partitions.stop();
    await this.#commits.drain();
    this.#appender.release();
    await this.#pool.end();
  }

  /** Stores an event; resolves after its commit. Rejects with `Overloaded`, or when it could not be stored. */
  append(event: NewEvent): Promise<Appended> {
    return this.#commits.add(event);
  }

  /** Calls `listener` after each commit of this process, so that who works beside it need not wait for its next look. */
  onStored(listener: (batch: readonly NewEvent[]) => void): void {
    this.#listeners.stored.push(listener);
  }

  /** The same after each commit of something that is owed to destinations. */
  onOwed(listener: () => void): void {
    this.#listeners.owed.push(listener);
  }

  private async write(batch: readonly NewEvent[]): Promise<Appended[]> {
    const { appended, isOwed } = await this.appendOrReport(batch);
    for (const listener of this.#listeners.stored) listener(batch);
    if (isOwed) for (const listener of this.#listeners.owed) listener();
    return appended;
  }

  private async appendOrReport(batch: readonly NewEvent[]): Promise<AppendedBatch> {
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
