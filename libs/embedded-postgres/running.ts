import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DATABASE, USER, readPassword } from './cluster.js';
import { EmbeddedPostgresError, systemCode } from './error.js';
import { holderOf } from './lock.js';

/**
 * The URL of the PostgreSQL that another Callbox has running on the data directory, for a second program beside it.
 * `null` when no Callbox is there: then {@link startEmbeddedPostgres} is free to be called.
 */
export async function findRunningEmbeddedPostgres(dataDir: string): Promise<string | null> {
  const folder = resolve(dataDir);
  const holder = await holderOf(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (holder === null) return null;
  const text = await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
  const [, , , port, , , , status] = text.split('\n');
  const password = await readPassword(folder);
  if (status?.trim() === 'ready' && password !== null)
    return `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
  throw new EmbeddedPostgresError(
    'data_dir_in_use',
    `Callbox in process ${holder} is starting or stopping on ${folder}; try again in a moment.`,
  );
}
