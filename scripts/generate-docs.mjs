// Writes what is generated from the code: openapi.json, docs/configuration.md, docs/providers.md, .env.example and the samples of providers. Specs check that they
// are fresh. The document comes from the running application, hence the throw-away database.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfStale, root } from './build-if-stale.mjs';
import { generateSamples } from './generate-samples.mjs';

buildIfStale();
const { describeSettings, loadSettings } = await import('../dist/libs/config/index.js');
const { migrate } = await import('../dist/libs/database/index.js');
const { startEmbeddedPostgres } = await import('../dist/libs/embedded-postgres/index.js');
const { createLogger } = await import('../dist/libs/logging/index.js');
const { createApp } = await import('../dist/apps/server/create-app.js');
const { createOpenApiDocument } = await import('../dist/apps/server/openapi.js');

const write = (path, text) => writeFileSync(join(root, path), text);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const { page, envExample } = describeSettings();
write('docs/configuration.md', page);
write('.env.example', envExample);
await import('./generate-provider-docs.mjs');
write('libs/providers/samples.generated.ts', await generateSamples());

const dataDir = mkdtempSync(join(tmpdir(), 'callbox-docs-'));
const server = await startEmbeddedPostgres({ dataDir });
try {
  await migrate(server.url);
  const loaded = loadSettings({
    DATABASE_URL: server.url,
    CALLBOX_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  });
  if (!loaded.ok) throw new Error(loaded.mistakes.join('\n'));
  const app = await createApp(loaded.settings, createLogger('silent'), version);
  write('openapi.json', `${JSON.stringify(createOpenApiDocument(app, version), null, 2)}\n`);
  await app.close();
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
