import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPreset, type ProviderPreset, schemeOf } from '#providers';
import type { HeaderPairs, PublishedDocuments, Scheme, SignedRequest } from '#signatures';

const FOLDER = join(process.cwd(), 'libs/providers/presets');

interface Vector {
  readonly secret: string;
  readonly other_secret?: string;
  readonly received_at: string;
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly body_base64: string;
  readonly published?: Readonly<Record<string, string>>;
  readonly asked?: unknown;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly handshake?: unknown;
}

/** A callback of a provider that is right, taken from its vectors. */
export interface Genuine {
  readonly preset: ProviderPreset;
  readonly scheme: Scheme;
  readonly request: SignedRequest;
  readonly secret: string;
  /** A secret of the same form that has nothing to do with the request; `null` where none is at hand. */
  readonly otherSecret: string | null;
  readonly nowMs: number;
  readonly published: PublishedDocuments;
}

/** One of each provider whose callbacks are signed; not of those who hand their keys out one by one. */
export const genuineCallbacks: readonly (readonly [id: string, genuine: Genuine])[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.vectors.json'))
  .flatMap((file) => {
    const id = file.slice(0, -'.vectors.json'.length);
    const vectors = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as readonly Vector[];
    const vector = vectors.find(({ handshake, asked }) => handshake === undefined && asked === undefined);
    const preset = findPreset(id);
    if (vector === undefined || preset === null || preset.scheme.secretUse === 'compare') return [];
    return [[id, genuineOf(preset, vector)] as const];
  });

function genuineOf(preset: ProviderPreset, vector: Vector): Genuine {
  const scheme = schemeOf(preset, vector.config ?? {});
  const similar = vector.secret.replace(/[a-y0-8](?=[^a-z0-9]*$)/i, (last) =>
    last.toLowerCase() === 'b' ? 'c' : 'b',
  );
  const other = vector.other_secret ?? similar;
  return {
    preset,
    scheme,
    request: {
      method: vector.method,
      url: vector.url,
      headers: vector.headers,
      body: Buffer.from(vector.body_base64, 'base64'),
    },
    secret: vector.secret,
    otherSecret: other !== vector.secret && scheme.prepareKey(other).ok ? other : null,
    nowMs: Date.parse(vector.received_at),
    published: (url) => {
      const text = vector.published?.[url];
      return Promise.resolve(text === undefined ? null : Buffer.from(text));
    },
  };
}
