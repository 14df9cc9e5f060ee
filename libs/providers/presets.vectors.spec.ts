import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { genuineOf, keyOf, type Vector } from './conformance.fixture.js';
import { findPreset } from './index.js';

const FOLDER = join(process.cwd(), 'libs/providers/presets');
const vectorsById = new Map(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.vectors.json'))
    .map((file) => {
      const vectors = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as readonly Vector[];
      return [file.slice(0, -'.vectors.json'.length), vectors] as const;
    }),
);

function presetOf(id: string) {
  const preset = findPreset(id);
  if (preset === null) throw new Error(`there are vectors of ${id}, but no preset`);
  return preset;
}

function titled(isWanted: (vector: Vector) => boolean) {
  return [...vectorsById].flatMap(([id, vectors]) =>
    vectors.flatMap((vector, index) =>
      isWanted(vector) ? [[`${id} #${index + 1}`, id, vector] as const] : [],
    ),
  );
}

describe('the vectors of the presets', () => {
  test('are there for every provider that somebody runs', () => {
    const folder = readdirSync(FOLDER).filter((file) => /(?<!\.spec)\.ts$/.test(file) && file !== 'index.ts');
    const without = folder
      .map((file) => presetOf(file.slice(0, -'.ts'.length)))
      // A generic provider has no vendor whose requests there could be.
      .filter(({ name, scheme }) => !name.endsWith('(any sender)') && scheme.secretUse !== 'none')
      .filter(({ id }) => !vectorsById.has(id));
    expect(without.map(({ id }) => id)).toEqual([]);
  });

  test.each(titled(() => true))(
    '%s says where it comes from and when it was received',
    (_title, _id, vector) => {
      expect(vector.source).not.toBe('');
      expect(vector.received_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
    },
  );

  test.each(titled(({ handshake }) => handshake === undefined))(
    '%s is verified, and its facts are found',
    async (title, id, vector) => {
      const preset = presetOf(id);
      const { scheme, request, nowMs, published } = genuineOf(preset, vector, title);
      const key = keyOf(scheme, vector.secret);
      const verdict = await scheme.verify(request, [key], { nowMs }, published);
      expect(verdict).toMatchObject({ ok: true, keyId: 'key' });
      expect(preset.eventId?.(request) ?? null).toBe(vector.event_id);
      expect(preset.eventType?.(request) ?? null).toBe(vector.event_type);
      if (vector.run_id !== undefined) expect(preset.runId?.(request) ?? null).toBe(vector.run_id);
      const facts = { keys: [key], config: vector.config ?? {} };
      expect(preset.handshake?.answer(request, facts) ?? null).toBeNull();
    },
  );

  test.each(titled(({ handshake }) => handshake !== undefined))(
    '%s, a handshake, is answered as the provider wants',
    async (title, id, vector) => {
      const preset = presetOf(id);
      const { scheme, request, nowMs, published } = genuineOf(preset, vector, title);
      const keys = vector.secret === '' ? [] : [keyOf(scheme, vector.secret)];
      if (preset.handshake?.isSigned === true && vector.handshake !== null) {
        const verdict = await scheme.verify(request, keys, { nowMs }, published);
        expect(verdict).toMatchObject({ ok: true });
      }
      const reply = preset.handshake?.answer(request, { keys, config: vector.config ?? {} }) ?? null;
      if (vector.handshake === null || vector.handshake === undefined) {
        expect(reply).toBeNull();
        return;
      }
      const { status, body, visit } = vector.handshake;
      expect(reply).toMatchObject({ status, body });
      expect(reply?.visit).toBe(visit);
      for (const pair of vector.handshake.headers ?? []) expect(reply?.headers).toContainEqual(pair);
    },
  );
});
