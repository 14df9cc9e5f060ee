import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPreset, listPresets } from './index.js';

const LIBRARY = join(process.cwd(), 'libs/providers');
const presets = listPresets();
const ids = presets.map(({ id }) => id);

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourceFiles(path);
    return /\.tsx?$/.test(entry.name) && !/\.spec\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

describe('the table of providers', () => {
  test('has each id once', () => {
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('has every file of a preset, and no other', () => {
    const files = readdirSync(join(LIBRARY, 'presets'))
      .filter((file) => /(?<!\.spec)\.ts$/.test(file) && file !== 'index.ts')
      .map((file) => file.slice(0, -'.ts'.length));
    expect([...ids].sort()).toEqual(files.sort());
  });

  test('finds each of its presets by its id, and nobody else', () => {
    for (const preset of presets) expect(findPreset(preset.id)).toBe(preset);
    for (const id of ['', 'Runflow', 'nobody', '__proto__', 'constructor']) expect(findPreset(id)).toBeNull();
  });

  test('is the only place where one provider differs from another: nobody asks which it is', () => {
    const asked = ['apps', 'libs']
      .flatMap((folder) => sourceFiles(join(process.cwd(), folder)))
      .filter((path) => /\bprovider(\.id)?\s*[!=]==?\s*['"`]/.test(readFileSync(path, 'utf8')));
    expect(asked).toEqual([]);
  });
});

describe.each(presets.map((preset) => [preset.id, preset] as const))('the preset %s', (id, preset) => {
  test('says who it is and where that is written', () => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(preset.name.trim()).toBe(preset.name);
    expect(preset.name).not.toBe('');
    expect(new URL(preset.docsUrl).protocol).toBe('https:');
    expect(preset.checkedOn).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(new Date(preset.checkedOn).toISOString()).toContain(preset.checkedOn);
    expect(preset.secret.format).not.toBe('');
  });

  test('is an alias only of a preset that is none, and signs like it', () => {
    if (preset.aliasOf === undefined) return;
    const original = findPreset(preset.aliasOf);
    expect(original?.aliasOf).toBeUndefined();
    expect(original?.scheme.name).toBe(preset.scheme.name);
    expect(original?.scheme.signatureHeaders).toEqual(preset.scheme.signatureHeaders);
  });

  test('tells how to set it up, and which URL to register', () => {
    expect(preset.setup?.join('\n')).toContain('{ingest_url}');
    for (const step of preset.setup ?? []) expect(step).toMatch(/^\S.*\S$/s);
  });

  test('hides the header of a token, and says that a token does not cover the body', () => {
    for (const name of preset.tokenHeaders ?? []) expect(name).toBe(name.toLowerCase());
    if (preset.scheme.secretUse !== 'compare') return;
    expect(preset.uncovered).toMatch(/body/i);
    const carrying = preset.scheme.signatureHeaders.map((name) => name.toLowerCase());
    expect(preset.tokenHeaders ?? []).toEqual(expect.arrayContaining(carrying));
  });

  test('asks for a secret exactly where its scheme has one', () => {
    expect(preset.secret.source === 'none').toBe(preset.scheme.secretUse === 'none');
    // What a provider made is not ours to make: a key that is no secret cannot be generated either.
    if (preset.scheme.secretUse === 'public') expect(preset.secret.source).toBe('imported');
  });

  test('makes a scheme of its default settings, the same as its own', () => {
    const { configuration, scheme } = preset;
    if (configuration?.scheme === undefined) return;
    const made = configuration.scheme(configuration.settings.parse({}));
    expect(made.name).toBe(scheme.name);
    expect(made.signatureHeaders).toEqual(scheme.signatureHeaders);
    expect(made.defaultToleranceSeconds).toBe(scheme.defaultToleranceSeconds);
  });

  test('takes a generated secret, if it says that one can be generated', () => {
    if (!['generated', 'either'].includes(preset.secret.source)) return;
    const generated = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    expect(preset.scheme.prepareKey(generated)).toMatchObject({ ok: true });
  });
});
