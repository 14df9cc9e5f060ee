import type pg from 'pg';
import type { Logger } from '#logging';
import { daysAround } from './partition-range.js';
import { ensurePartitions, hasPartitions } from './partitions.js';

const LOOK_EVERY_MS = 10_000;
const AGAIN_AFTER_MS = 60 * 60 * 1_000;

/**
 * Sees to it that there are partitions for the days to come, for as long as the process runs. It looks at the clock
 * often and at the database once an hour or when a day has begun: a machine that slept for weeks wakes up at any time.
 */
export class PartitionKeeper {
  #timer: NodeJS.Timeout | undefined;
  #madeUntilMs = 0;
  #madeAtMs = 0;
  #making = false;

  constructor(
    private readonly pool: pg.Pool,
    private readonly logger: Logger,
  ) {}

  /** Resolves when there is a partition for today; rejects when there is none and none could be made. */
  async start(): Promise<void> {
    try {
      await this.make(Date.now());
    } catch (error) {
      // What is to come can wait for a lock that somebody holds for long; what comes now cannot.
      if (!(await hasPartitions(this.pool, Date.now()))) throw error;
      this.logger.error({ error }, 'event_log.partitions_not_made');
    }
    this.#timer = setInterval(() => void this.look(Date.now()), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Makes what is missing, if it is time to. */
  async look(nowMs: number): Promise<void> {
    const isTime = daysAround(nowMs).toMs > this.#madeUntilMs || nowMs - this.#madeAtMs > AGAIN_AFTER_MS;
    if (!isTime || this.#making) return;
    this.#making = true;
    await this.make(nowMs).catch((error: unknown) =>
      this.logger.error({ error }, 'event_log.partitions_not_made'),
    );
    this.#making = false;
  }

  private async make(nowMs: number): Promise<void> {
    await ensurePartitions(this.pool, nowMs);
    this.#madeUntilMs = daysAround(nowMs).toMs;
    this.#madeAtMs = nowMs;
  }
}
