import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson, type HeaderPairs, type Key, type PublishedDocuments, type Scheme } from '#signatures';
import type { Callback, ProviderPreset } from './preset.js';

/** One signed request, made without our own code or taken from where the provider published it. */
interface Vector {
  /** Where it comes from. */
  readonly source: string;
  /** As the user pastes it. */
  readonly secret: string;
  /** A well-formed secret that did not sign it; needed where changing one character of the secret gives none. */
  readonly other_secret?: string;
  readonly received_at: string;
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly body_base64: string;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly run_id?: string | null;
  /** What the provider publishes, by URL. */
  readonly published?: Readonly<Record<string, string>>;
  /** The source's settings of the provider's own. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The request is a handshake and this is its answer; `null` says it must get none. */
  readonly handshake?: {
    readonly status: number;
    readonly headers?: HeaderPairs;
    readonly body: string;
  } | null;
}

const FOLDER = join(process.cwd(), 'libs/providers/presets');
const FAR_LATER_MS = 30 * 24 * 3600 * 1000;
const files = readdirSync(FOLDER);
const ids = files.filter((file) => /^[a-z0-9-]+\.ts$/.test(file)).map((file) => file.slice(0, -'.ts'.length));
const vectorsById = new Map(
  files
    .filter((file) => file.endsWith('.vectors.json'))
    .map((file) => [file.slice(0, -'.vectors.json'.length), readVectors(file)]),
);

function readVectors(file: string): readonly Vector[] {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Vector[];
}

async function load(id: string): Promise<ProviderPreset> {
  const module = (await import(`./presets/${id}.js`)) as Record<string, unknown>;
  const preset = Object.values(module).find(
    (value) => typeof value === 'object' && value !== null && 'id' in value && value.id === id,
  );
  if (preset === undefined) throw new Error(`presets/${id}.ts exports no preset of that id`);
  return preset as ProviderPreset;
}

/** The scheme of a source of this provider with the vector's settings, where these have a say in it. */
function schemeOf(preset: ProviderPreset, { config }: Vector): Scheme {
  const { configuration, scheme } = preset;
  if (config === undefined) return scheme;
  return configuration?.scheme?.(configuration.settings.parse(config)) ?? scheme;
}

function keyOf(scheme: Scheme, plainSecret: string): Key {
  const prepared = scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw new Error(prepared.problem);
  return { id: 'key', material: prepared.material };
}

function requestOf(vector: Vector): Callback {
  const body = Buffer.from(vector.body_base64, 'base64');
  const { method, url, headers } = vector;
  return { method, url, headers, body, json: parseJson(body) };
}

function clockOf(vector: Vector) {
  return { nowMs: Date.parse(vector.received_at) };
}

function publisherOf({ published = {} }: Vector): PublishedDocuments {
  return (url) => {
    const text = published[url];
    return Promise.resolve(text === undefined ? null : Buffer.from(text));
  };
}

/** Another text that is a secret of the same form: hex stays hex, base64 stays base64. */
function anotherSecret({ secret, other_secret }: Vector): string {
  if (other_secret !== undefined) return other_secret;
  let place = Math.floor(secret.length / 2);
  while (!/[0-9a-zA-Z]/.test(secret[place] ?? '0')) place += 1;
  return secret.slice(0, place) + (secret[place] === '0' ? '1' : '0') + secret.slice(place + 1);
}

function withoutHeaders(headers: HeaderPairs, names: readonly string[]): HeaderPairs {
  const unwanted = new Set(names.map((name) => name.toLowerCase()));
  return headers.filter(([name]) => !unwanted.has(name.toLowerCase()));
}

describe('the vectors of the presets', () => {
  test('each belong to a preset', () => {
    expect([...vectorsById.keys()].filter((id) => !ids.includes(id))).toEqual([]);
  });

  test.each(ids)('%s is described completely and has vectors', async (id) => {
    const preset = await load(id);
    expect(preset.name).not.toBe('');
    expect(new URL(preset.docsUrl).protocol).toBe('https:');
    expect(preset.checkedOn).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(preset.secret.format).not.toBe('');
    expect(preset.setup?.length ?? 0).toBeGreaterThanOrEqual(1);
    for (const name of preset.tokenHeaders ?? []) expect(name).toBe(name.toLowerCase());
    // A shared token says nothing about the body, and whoever reads of the provider is told so.
    if (preset.scheme.secretUse === 'compare') expect(preset.uncovered).toMatch(/body/i);
    const hasSharedSecret = ['compute', 'compare'].includes(preset.scheme.secretUse);
    // A generic provider has no vendor whose requests there could be; an alias signs as the other one does.
    const isOfItsOwn = preset.aliasOf === undefined && !preset.name.endsWith('(any sender)');
    if (hasSharedSecret && isOfItsOwn) expect(vectorsById.has(id)).toBe(true);
  });

  const callbacks = [...vectorsById].flatMap(([id, vectors]) =>
    vectors.flatMap((vector, index) =>
      vector.handshake === undefined ? [[`${id} #${index + 1}`, id, vector] as const] : [],
    ),
  );

  describe.each(callbacks)('%s', (_title, id, vector) => {
    test('is verified, and its facts are found', async () => {
      const preset = await load(id);
      const scheme = schemeOf(preset, vector);
      const callback = requestOf(vector);
      const key = keyOf(scheme, vector.secret);
      const verdict = await scheme.verify(callback, [key], clockOf(vector), publisherOf(vector));
      expect(verdict).toMatchObject({ ok: true, keyId: 'key' });
      expect(preset.eventId?.(callback) ?? null).toBe(vector.event_id);
      expect(preset.eventType?.(callback) ?? null).toBe(vector.event_type);
      if (vector.run_id !== undefined) expect(preset.runId?.(callback) ?? null).toBe(vector.run_id);
      expect(
        preset.handshake?.answer(callback, { keys: [key], config: vector.config ?? {} }) ?? null,
      ).toBeNull();
    });

    test('is refused with one byte of the body altered', async () => {
      const preset = await load(id);
      const scheme = schemeOf(preset, vector);
      const callback = requestOf(vector);
      if (callback.body.length === 0 || /body/i.test(preset.uncovered ?? '')) return;
      const body = Buffer.from(callback.body);
      const place = Math.floor(body.length / 2);
      body[place] = (body[place] ?? 0) ^ 1;
      const key = keyOf(scheme, vector.secret);
      const verdict = await scheme.verify({ ...callback, body }, [key], clockOf(vector), publisherOf(vector));
      expect(verdict.ok).toBe(false);
    });

    test('is refused with another secret, and without what proves it', async () => {
      const preset = await load(id);
      const scheme = schemeOf(preset, vector);
      const callback = requestOf(vector);
      const other = keyOf(scheme, anotherSecret(vector));
      const verify = (request: Callback, key: Key) =>
        scheme.verify(request, [key], clockOf(vector), publisherOf(vector));
      expect((await verify(callback, other)).ok).toBe(false);
      const { signatureHeaders } = scheme;
      if (signatureHeaders.length === 0) return;
      const bare = { ...callback, headers: withoutHeaders(callback.headers, signatureHeaders) };
      expect((await verify(bare, keyOf(scheme, vector.secret))).ok).toBe(false);
    });

    test('is refused long after, if its time is signed', async () => {
      const scheme = schemeOf(await load(id), vector);
      if (scheme.defaultToleranceSeconds === null) return;
      const later = { nowMs: clockOf(vector).nowMs + FAR_LATER_MS };
      const key = keyOf(scheme, vector.secret);
      const verdict = await scheme.verify(requestOf(vector), [key], later, publisherOf(vector));
      expect(verdict).toEqual({ ok: false, reason: 'timestamp_outside_tolerance' });
    });

    test('is verified after signing it afresh, if we can', async () => {
      const preset = await load(id);
      const scheme = schemeOf(preset, vector);
      const callback = requestOf(vector);
      const key = keyOf(scheme, vector.secret);
      const fresh = (await scheme.sign?.(callback, [key], clockOf(vector))) ?? null;
      if (fresh === null) return;
      const others = withoutHeaders(
        callback.headers,
        fresh.map(([name]) => name),
      );
      const signed = { ...callback, headers: [...others, ...fresh] };
      expect(await scheme.verify(signed, [key], clockOf(vector))).toMatchObject({ ok: true });
    });
  });

  const handshakes = [...vectorsById].flatMap(([id, vectors]) =>
    vectors.flatMap((vector, index) =>
      vector.handshake === undefined ? [] : [[`${id} #${index + 1}`, id, vector] as const],
    ),
  );

  // Not every batch of presets has one, and `test.each` takes no empty table.
  if (handshakes.length > 0) {
    test.each(handshakes)(
      '%s, a handshake, is answered as the provider wants',
      async (_title, id, vector) => {
        const preset = await load(id);
        const scheme = schemeOf(preset, vector);
        const callback = requestOf(vector);
        const keys = vector.secret === '' ? [] : [keyOf(scheme, vector.secret)];
        const { handshake } = preset;
        if (handshake?.isSigned === true && vector.handshake !== null) {
          const verdict = await scheme.verify(callback, keys, clockOf(vector), publisherOf(vector));
          expect(verdict).toMatchObject({ ok: true });
        }
        const reply = handshake?.answer(callback, { keys, config: vector.config ?? {} }) ?? null;
        if (vector.handshake === null || vector.handshake === undefined) {
          expect(reply).toBeNull();
          return;
        }
        expect(reply).toMatchObject({ status: vector.handshake.status, body: vector.handshake.body });
        for (const pair of vector.handshake.headers ?? []) expect(reply?.headers).toContainEqual(pair);
      },
    );
  }
});
