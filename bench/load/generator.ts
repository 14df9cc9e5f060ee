import type { LoadResult, LoadSpec } from './load-spec.js';
import { runLoad } from './run-load.js';

/** What the generator's process tells the one that started it. */
export type GeneratorMessage =
  | { readonly kind: 'window'; readonly edge: 'begin' | 'end' }
  | { readonly kind: 'result'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string };

const tell = (message: GeneratorMessage): void => {
  process.send?.(message);
};

process.on('message', (spec: LoadSpec) => {
  runLoad(spec, (edge) => tell({ kind: 'window', edge })).then(
    (result) => tell({ kind: 'result', result }),
    (error: unknown) => tell({ kind: 'failed', message: String(error) }),
  );
});
// Its parent has ended.
process.on('disconnect', () => process.exit());
