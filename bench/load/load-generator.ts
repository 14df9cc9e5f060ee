import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GeneratorMessage } from './generator.js';
import type { LoadResult, LoadSpec } from './load-spec.js';
import { readReceipts, type Receipt } from './receipts.js';

/** A run's result with all that was answered in it. */
export interface LoadRun {
  readonly result: LoadResult;
  readonly idPrefix: string;
  readonly receipts: readonly Receipt[];
}

let runs = 0;

/** The load generator, a process of its own: what it uses of the machine is told apart from what the server uses. */
export class LoadGenerator {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(fileURLToPath(new URL('./generator.js', import.meta.url)), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** Runs one load; `onWindow` is called at the beginning and at the end of the measured window. */
  async run(
    spec: Omit<LoadSpec, 'idPrefix' | 'receiptsFile'>,
    onWindow: (edge: 'begin' | 'end') => void = () => undefined,
  ): Promise<LoadRun> {
    runs += 1;
    const receiptsFile = join(tmpdir(), `callbox-bench-${process.pid}-${runs}.receipts`);
    const idPrefix = `b${String(runs).padStart(6, '0')}-`;
    try {
      const result = await this.ask({ ...spec, idPrefix, receiptsFile }, onWindow);
      return { result, idPrefix, receipts: [...readReceipts(receiptsFile)] };
    } finally {
      rmSync(receiptsFile, { force: true });
    }
  }

  close(): void {
    this.#child.kill();
  }

  private ask(spec: LoadSpec, onWindow: (edge: 'begin' | 'end') => void): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('the load generator has ended'));
      const onMessage = (message: GeneratorMessage): void => {
        if (message.kind === 'window') return onWindow(message.edge);
        this.#child.off('message', onMessage).off('exit', onExit);
        if (message.kind === 'result') resolve(message.result);
        else reject(new Error(message.message));
      };
      this.#child.on('message', onMessage).once('exit', onExit);
      this.#child.send(spec);
    });
  }
}
