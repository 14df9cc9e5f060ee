import type { Logger } from '#logging';

interface LoopOptions {
  /** Name in the log. */
  readonly name: string;
  /** How long to wait when there was nothing to do; some jitter keeps processes apart. */
  readonly idleMs: number;
  /** Does some work; `true` when there may be more at once. */
  readonly work: () => Promise<boolean>;
  readonly logger: Logger;
}

/** After an error: what was away needs a moment, and the log need not say so ten times a second. */
const AFTER_ERROR_MS = 1_000;

/** Does a job again and again: at once while there is more, else after a while or when it is woken. */
export class Loop {
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #isAwake = false;

  constructor(private readonly options: LoopOptions) {}

  start(): void {
    this.#running = this.run();
  }

  /** Ends the current wait; during work, makes it look once more. */
  wake(): void {
    this.#isAwake = true;
    this.#wake?.();
  }

  /** Resolves when the work under way is done and none will follow. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#running;
  }

  private async run(): Promise<void> {
    while (!this.#stopped) {
      this.#isAwake = false;
      const outcome = await this.work();
      if (outcome === 'failed') await this.idle(AFTER_ERROR_MS);
      else if (outcome === 'done' && !this.#isAwake) await this.idle(this.options.idleMs);
    }
  }

  private async work(): Promise<'more' | 'done' | 'failed'> {
    try {
      return (await this.options.work()) ? 'more' : 'done';
    } catch (error) {
      this.options.logger.error({ job: this.options.name, error }, 'job.failed');
      return 'failed';
    }
  }

  private async idle(forMs: number): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, forMs * (0.75 + Math.random() / 2));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
