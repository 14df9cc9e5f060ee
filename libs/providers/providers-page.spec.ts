import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPresets, makeSample } from './index.js';
import type { Callback, ProviderPreset } from './preset.js';

/** What `npm run docs` makes the page with; a script, so that nothing of it is shipped. */
interface PageScript {
  readonly providersPage: (
    presets: readonly ProviderPreset[],
    examplesOf: (preset: ProviderPreset) => readonly Callback[],
  ) => string;
  readonly examplesOf: (
    preset: ProviderPreset,
    vectors: string,
    fill: typeof makeSample,
  ) => readonly Callback[];
}

const root = process.cwd();
const { examplesOf, providersPage } = jest.requireActual<PageScript>(
  join(root, 'scripts/generate-provider-docs.page.mjs'),
);

function vectorsOf({ id }: ProviderPreset): string {
  const path = join(root, 'libs/providers/presets', `${id}.vectors.json`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '[]';
}

const presets = listPresets();
const page = providersPage(presets, (preset) => examplesOf(preset, vectorsOf(preset), makeSample));

describe('docs/providers.md (npm run docs writes it)', () => {
  test('is fresh', () => {
    expect(readFileSync(join(root, 'docs/providers.md'), 'utf8') === page).toBe(true);
  });

  test('has a row and a section of every provider', () => {
    for (const { id } of presets) {
      expect(page).toContain(`| [\`${id}\`](#`);
      expect(page).toContain(`\n\`${id}\` · [documentation](`);
    }
  });

  test('has a link from every row to a section that is there once', () => {
    const names = [...page.matchAll(/^## (.*)$/gm)].map(([, name = '']) => name);
    expect(names).toHaveLength(presets.length);
    expect(new Set(names).size).toBe(names.length);
  });

  test('says of every provider that leaves something unsigned what that is', () => {
    const told = presets.filter(({ uncovered }) => uncovered !== undefined).length;
    expect([...page.matchAll(/^- \*\*Not covered\*\*: \S/gm)]).toHaveLength(told);
  });

  test('names the place of the event id, where there is one to be seen', () => {
    expect(page).toMatch(/^\| \[`stripe`\].*\| JSON `\/id` \|/m);
    expect(page).toMatch(/^\| \[`github`\].*\| header `X-GitHub-Delivery` \|/m);
  });

  test('shows nothing as markup that is text', () => {
    expect(page.replace(/`[^`\n]*`/g, '')).not.toMatch(/<[a-z]/i);
  });
});
