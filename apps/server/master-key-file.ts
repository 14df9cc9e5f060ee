import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { masterKeysRule, type Settings } from '#config';

const FILE = 'master-key';

/**
 * The settings with the master keys of an embedded installation, from `<data dir>/master-key`. The file is made on the
 * first start, readable by its owner only; without it the data beside it cannot be decrypted. It is written like
 * CALLBOX_MASTER_KEY, which stands in its place where it is set.
 */
export async function withMasterKeys(settings: Settings): Promise<Settings> {
  if (settings.masterKeys !== undefined || settings.databaseUrl !== undefined) return settings;
  if (settings.keyProvider === 'local') await makeIfMissing(settings.dataDir);
  // Beside a key service: what is still under the local key decrypts until all of it has been moved.
  return { ...settings, masterKeys: await readMasterKeys(settings.dataDir) };
}

async function makeIfMissing(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    const handle = await open(join(dataDir, FILE), 'wx', 0o600);
    await handle.writeFile(`${randomBytes(32).toString('base64')}\n`);
    await handle.sync();
    await handle.close();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  }
}

async function readMasterKeys(dataDir: string): Promise<readonly Buffer[] | undefined> {
  const file = join(dataDir, FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
  const read = masterKeysRule.safeParse(text.trim());
  if (!read.success)
    throw new Error(`${file} does not hold a master key of 32 bytes in base64; restore it from a backup`);
  return read.data;
}
