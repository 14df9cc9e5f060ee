import type { LoadGenerator } from './load/load-generator.js';
import type { BenchOptions } from './options.js';

/** What every part is given. */
export interface BenchContext {
  readonly options: BenchOptions;
  readonly generator: LoadGenerator;
  /** Says on standard error how far it is. */
  readonly progress: (line: string) => void;
}
