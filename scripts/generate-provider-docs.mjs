// Writes docs/providers.md from the presets and their vectors. A spec checks that it is fresh.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfStale, root } from './build-if-stale.mjs';
import { examplesOf, providersPage } from './generate-provider-docs.page.mjs';

buildIfStale();
const { listPresets, makeSample } = await import('../dist/libs/providers/index.js');

const read = ({ id }) => {
  const path = join(root, 'libs/providers/presets', `${id}.vectors.json`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '[]';
};
const page = providersPage(listPresets(), (preset) => examplesOf(preset, read(preset), makeSample));
writeFileSync(join(root, 'docs/providers.md'), page);
