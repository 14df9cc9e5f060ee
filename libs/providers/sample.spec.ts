import { listPresets, makeSample } from './index.js';
import { vectorsOf } from './vectors.fixture.js';

const SECRET_OF_ANY_SCHEME = 'whsec_ZXhhbXBsZS1zZWNyZXQtZm9yLXRlc3RzLW9ubHk=';
const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const URL = 'https://inbox.example/in/t/s';

const signing = listPresets().filter((preset) => preset.scheme.sign !== undefined);

describe('a sample', () => {
  test.each(signing.map((preset) => [preset.id, preset] as const))(
    'of %s can be signed and is accepted',
    async (id, preset) => {
      const { scheme } = preset;
      const prepared = scheme.prepareKey(vectorsOf(id)[0]?.secret ?? SECRET_OF_ANY_SCHEME);
      if (!prepared.ok) throw new Error(prepared.problem);
      const keys = [{ id: 'key', material: prepared.material }];
      const sample = makeSample(preset, undefined, { unique: '01KAQ3ZX9B7T4N2M8V5C6D1E0F', nowMs: NOW_MS });
      if (sample === null) throw new Error('there is no sample');
      const unsigned = { method: 'POST', url: URL, headers: sample.headers, body: Buffer.from(sample.body) };
      const signature = (await scheme.sign?.(unsigned, keys, { nowMs: NOW_MS })) ?? [];
      const names = new Set(signature.map(([name]) => name.toLowerCase()));
      const headers = [...sample.headers.filter(([name]) => !names.has(name.toLowerCase())), ...signature];
      expect(await scheme.verify({ ...unsigned, headers }, keys, { nowMs: NOW_MS })).toMatchObject({
        ok: true,
      });
    },
  );
});
