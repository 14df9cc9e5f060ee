// One embedded PostgreSQL for the whole run, with a migrated database that every test application clones.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfStale } from './build-if-stale.mjs';

export default async function setUp() {
  buildIfStale();
  const { startEmbeddedPostgres } = await import('../dist/libs/embedded-postgres/index.js');
  const { migrate } = await import('../dist/libs/database/index.js');
  const dataDir = mkdtempSync(join(tmpdir(), 'callbox-test-'));
  const server = await startEmbeddedPostgres({ dataDir, settings: { max_connections: '300' } });
  const template = new URL(server.url);
  await createDatabase(server.url, 'test_template');
  template.pathname = '/test_template';
  await migrate(template.href);
  process.env.CALLBOX_TEST_SERVER_URL = server.url;
  globalThis.stopTestServer = async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}

async function createDatabase(url, name) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
}
