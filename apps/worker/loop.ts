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
      const more = await this.options.work().catch((error: unknown) => {
        this.options.logger.error({ job: this.options.name, error }, 'job.failed');
        return false;
      });
      if (!more && !this.#isAwake && !this.#stopped) await this.idle();
    }
  }

  private async idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.options.idleMs * (0.75 + Math.random() / 2));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
