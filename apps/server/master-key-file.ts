import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'master-key';

/**
 * The master key of an embedded installation, from `<data dir>/master-key`. It is made on the first start, readable by
 * its owner only; without it the data beside it cannot be decrypted.
 */
export async function readOrMakeMasterKey(dataDir: string): Promise<Buffer> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, FILE);
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.writeFile(`${randomBytes(32).toString('base64')}\n`);
    await handle.sync();
    await handle.close();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  }
  const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64');
  if (key.length !== 32)
    throw new Error(`${file} does not hold a master key of 32 bytes in base64; restore it from a backup`);
  return key;
}
