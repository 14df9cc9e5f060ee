import { KeyServiceUnavailable, rewrapAll } from '#keyring';
import type { KeyTool } from './keys-connection.js';

const REPORT_EVERY_MS = 1_000;

/** Puts everything under the current key and prints how it goes; says whether all of it is there. */
export async function runRewrap(
  { store, providers }: Pick<KeyTool, 'store' | 'providers'>,
  print: (line: string) => void,
): Promise<boolean> {
  print(`Putting every key under ${providers.current.name} …`);
  let reportedAtMs = 0;
  const report = (rewrapped: number) => {
    if (rewrapped === 0 || Date.now() - reportedAtMs < REPORT_EVERY_MS) return;
    reportedAtMs = Date.now();
    print(`${rewrapped} keys rewrapped`);
  };
  try {
    const { rewrapped, unmoved } = await rewrapAll(store, providers, report);
    for (const { table, id } of unmoved)
      print(
        `${table} ${id}: its key is under a key that is not known here, or was altered; it is left as it is`,
      );
    print(`${rewrapped} keys rewrapped, ${unmoved.length} could not be`);
    return unmoved.length === 0;
  } catch (error) {
    if (!(error instanceof KeyServiceUnavailable)) throw error;
    throw new Error(`${error.explanation} What is done stays done; run it again to go on.`);
  }
}
