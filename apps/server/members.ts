import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimiterClusterMaster } from 'rate-limiter-flexible';
import type { Settings } from '#config';
import type { Logger } from '#logging';
import type { Welcome } from './bootstrap.js';
import { MemberMetrics } from './member-metrics.js';
import { type FromMember, isOurs, type ToMember } from './process-messages.js';

const FIRST_REPLACED_AFTER_MS = 100;
const REPLACED_AFTER_AT_MOST_MS = 10_000;
/** One that has lived for so long is replaced as if it were the first to end. */
const LIVED_WELL_MS = 30_000;
/** Longer than any request, attempt or batch in flight may take. */
const STOP_WITHIN_MS = 25_000;

interface Starting {
  readonly bootstraps: boolean;
  readonly serves: (welcome: Welcome | null) => void;
}

/** The processes that share the port: starts them, replaces those that end by themselves, stops them. */
export class Members {
  readonly #metrics = new MemberMetrics();
  readonly #starting = new Map<number, Starting>();
  readonly #failures = new Map<number, string>();
  #endedEarly = 0;
  #isStopping = false;

  constructor(
    private readonly settings: Settings,
    private readonly logger: Logger,
    entry: string,
  ) {
    // Not by environment or arguments, which others on the machine may read: settings go over the pipe, Buffers too.
    cluster.setupPrimary({ exec: entry, args: [], serialization: 'advanced' });
    cluster.on('message', (member: Worker, message: unknown) => {
      if (isOurs<FromMember>(message)) this.hear(member, message);
    });
    // Limits of the API are counted here, for all members together.
    new RateLimiterClusterMaster();
  }

  /**
   * Starts them all. The first one does what is done once per installation, and what it says is given back; before it is done
   * nobody else takes a request, which would be refused for want of a key.
   */
  async start(): Promise<Welcome | null> {
    const welcome = await this.add(true);
    await Promise.all(Array.from({ length: this.settings.processes - 1 }, () => this.add(false)));
    return welcome;
  }

  /** Drains and ends them all. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.all().map((member) => this.end(member)));
  }

  private all(): Worker[] {
    return Object.values(cluster.workers ?? {}).filter((member) => member !== undefined);
  }

  /** Resolves when the new process serves; rejects when it ends before. */
  private add(bootstraps: boolean): Promise<Welcome | null> {
    const member = cluster.fork();
    const startedAtMs = performance.now();
    // One that ends while something is being said to it.
    member.on('error', () => undefined);
    return new Promise((resolve, reject) => {
      let isServing = false;
      const serves = (welcome: Welcome | null): void => {
        isServing = true;
        resolve(welcome);
      };
      this.#starting.set(member.id, { bootstraps, serves });
      member.once('exit', (code, signal) => {
        this.#starting.delete(member.id);
        void this.#metrics.retire(member);
        const message = this.#failures.get(member.id) ?? `a process ended by itself (${signal ?? code})`;
        this.#failures.delete(member.id);
        if (isServing) this.lose(member, startedAtMs, message);
        else reject(new Error(message));
      });
    });
  }

  private hear(member: Worker, message: FromMember): void {
    const starting = this.#starting.get(member.id);
    switch (message.kind) {
      case 'listening':
        // Not sooner: what is said to a process that does not listen yet is lost.
        if (starting !== undefined)
          say(member, { kind: 'serve', settings: this.settings, bootstraps: starting.bootstraps });
        return;
      case 'ready':
        return starting?.serves(message.welcome);
      case 'failed':
        this.#failures.set(member.id, message.message);
        return;
      case 'metrics_told':
        return this.#metrics.told(message.id, message.metrics);
      case 'metrics_asked':
        void this.#metrics
          .sum(this.all())
          .catch(() => null)
          .then((text) => say(member, { kind: 'metrics_sum', id: message.id, text }));
    }
  }

  private lose(member: Worker, startedAtMs: number, reason: string): void {
    if (this.#isStopping) return;
    const livedMs = Math.round(performance.now() - startedAtMs);
    this.logger.error({ member: member.process.pid, lived_ms: livedMs, reason }, 'process.lost');
    if (livedMs > LIVED_WELL_MS) this.#endedEarly = 0;
    void this.replace();
  }

  private async replace(): Promise<void> {
    while (!this.#isStopping) {
      const delayMs = Math.min(REPLACED_AFTER_AT_MOST_MS, FIRST_REPLACED_AFTER_MS * 2 ** this.#endedEarly);
      this.#endedEarly += 1;
      await sleep(delayMs);
      if (this.#isStopping) return;
      try {
        await this.add(false);
        return this.logger.info({ processes: this.all().length }, 'process.replaced');
      } catch (error) {
        this.logger.error({ error }, 'process.not_replaced');
      }
    }
  }

  private async end(member: Worker): Promise<void> {
    const ended = new Promise<void>((resolve) => member.once('exit', () => resolve()));
    if (member.isDead()) return;
    say(member, { kind: 'stop' });
    const timer = setTimeout(() => member.process.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  }
}

function say(member: Worker, message: ToMember): void {
  if (member.isConnected()) member.send(message);
}
