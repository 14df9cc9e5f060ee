import { countWrappedKeys, describePrefix, type KeyCount, type KeyProviders } from '#keyring';
import type { KeyTool } from './keys-connection.js';

/** Prints how many keys are under which, and says whether all of them are under a key that is known. */
export async function printStatus(
  { store, providers }: Pick<KeyTool, 'store' | 'providers'>,
  print: (line: string) => void,
): Promise<boolean> {
  const counts = await countWrappedKeys(store);
  const isUnknown = ({ prefix }: KeyCount) => nameOf(prefix, providers) === null;
  for (const { table, prefix, count } of counts) {
    const name = nameOf(prefix, providers) ?? describePrefix(prefix);
    const mark = prefix.equals(providers.current.prefix) ? ', the current one' : '';
    print(`${String(count).padStart(8)}  ${table.padEnd(12)} under ${name}${mark}`);
  }
  for (const { name, prefix } of providers.all) {
    if (counts.some((entry) => entry.prefix.equals(prefix))) continue;
    print(
      `          nothing      under ${name}${prefix.equals(providers.current.prefix) ? ', the current one' : ': it may be dropped'}`,
    );
  }
  const unknown = counts.filter(isUnknown).length;
  const outdated = counts.some(({ prefix }) => !prefix.equals(providers.current.prefix));
  if (unknown > 0)
    print('Some keys are under a key that is not known here: do not start Callbox without it.');
  else if (outdated) print('Not everything is under the current key: npm run keys:rewrap');
  else print('Everything is under the current key.');
  return unknown === 0;
}

function nameOf(prefix: Buffer, providers: KeyProviders): string | null {
  return providers.all.find((provider) => provider.prefix.equals(prefix))?.name ?? null;
}
