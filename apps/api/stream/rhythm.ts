const TURN_EVERY_MS = 200;
/** Between turns that were asked for, so that what comes in quick succession shares one. */
const LEAST_PAUSE_MS = 25;
/** Turns take at most a fifth of the time, unless that would be less than one every {@link TURN_EVERY_MS}. */
const PAUSE_PER_WORK = 4;
const AFTER_ERROR_MS = 1_000;

interface RhythmOptions {
  /** One turn; `true` when there is more to do at once. */
  readonly work: () => Promise<boolean>;
  /** Nothing at all happens while it says no. */
  readonly isNeeded: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Takes turns while it is needed: regularly, soon when it is nudged, and never one upon the other. */
export class Rhythm {
  #running: Promise<void> | undefined;
  #isNudged = false;
  #isStopped = false;
  #endPause: { readonly resolve: () => void; readonly byNudge: boolean } | undefined;

  constructor(private readonly options: RhythmOptions) {}

  /** Asks for a turn soon. */
  nudge(): void {
    if (this.#isStopped || !this.options.isNeeded()) return;
    this.#isNudged = true;
    if (this.#endPause?.byNudge === true) this.#endPause.resolve();
    this.#running ??= this.run();
  }

  /** Resolves when the turn under way is over; none will follow. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endPause?.resolve();
    await this.#running;
  }

  private async run(): Promise<void> {
    while (!this.#isStopped && this.options.isNeeded()) {
      this.#isNudged = false;
      const begunMs = performance.now();
      const outcome = await this.turn();
      await this.rest(outcome, performance.now() - begunMs);
    }
    this.#running = undefined;
  }

  private async turn(): Promise<'more' | 'done' | 'failed'> {
    try {
      return (await this.options.work()) ? 'more' : 'done';
    } catch (error) {
      this.options.onError(error);
      return 'failed';
    }
  }

  private async rest(outcome: 'more' | 'done' | 'failed', workMs: number): Promise<void> {
    if (outcome === 'failed') return this.pause(AFTER_ERROR_MS, false);
    if (outcome === 'more') return this.pause(Math.min(workMs, TURN_EVERY_MS), false);
    const least = Math.min(Math.max(workMs * PAUSE_PER_WORK, LEAST_PAUSE_MS), TURN_EVERY_MS);
    await this.pause(least, false);
    if (!this.#isNudged) await this.pause(TURN_EVERY_MS - least, true);
  }

  private async pause(forMs: number, byNudge: boolean): Promise<void> {
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, forMs);
      this.#endPause = {
        byNudge,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      };
    });
    this.#endPause = undefined;
  }
}
