import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '#config';
import { createPool } from '#database';
import {
  type EmbeddedPostgres,
  findRunningEmbeddedPostgres,
  startEmbeddedPostgres,
} from '#embedded-postgres';
import { KeyProviders, type KeyStore } from '#keyring';
import { withMasterKeys } from './master-key-file.js';

const STATEMENT_TIMEOUT_MS = 30_000;

/** What the commands on keys work with. */
export interface KeyTool {
  readonly store: KeyStore;
  readonly providers: KeyProviders;
  close(): Promise<void>;
}

/**
 * Connects to the database of the settings. The embedded one may be running, with a Callbox that serves; otherwise it is
 * started for the time being.
 */
export async function openKeyTool(settings: Settings): Promise<KeyTool> {
  const running = settings.databaseUrl ?? (await findRunningEmbeddedPostgres(settings.dataDir));
  const own = running === null ? await startExisting(settings.dataDir) : null;
  try {
    const providers = KeyProviders.of(await withMasterKeys(settings));
    const pool = createPool(running ?? own?.url ?? '', 'keys', STATEMENT_TIMEOUT_MS);
    // A connection that breaks while idle is replaced by the next query.
    pool.on('error', () => undefined);
    const store: KeyStore = {
      queryAcrossTenants: async <Row>(sql: string, parameters: readonly unknown[]) =>
        (await pool.query(sql, [...parameters])).rows as Row[],
    };
    const close = async () => {
      providers.close();
      await pool.end();
      await own?.stop();
    };
    return { store, providers, close };
  } catch (error) {
    await own?.stop();
    throw error;
  }
}

/** Keys are looked for where there are some: none of these commands makes a database. */
function startExisting(dataDir: string): Promise<EmbeddedPostgres> {
  if (!existsSync(join(dataDir, 'postgres')))
    throw new Error(
      `there is no database in ${dataDir}; set CALLBOX_DATA_DIR or DATABASE_URL as for npm start`,
    );
  return startEmbeddedPostgres({ dataDir });
}
