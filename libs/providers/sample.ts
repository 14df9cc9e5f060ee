import type { HeaderPairs } from '#signatures';
import type { ProviderPreset, Sample } from './preset.js';
import { generatedSamples } from './samples.generated.js';

/** A sample with everything filled in, ready to be signed. */
export interface FilledSample {
  readonly type: string | null;
  readonly headers: HeaderPairs;
  readonly body: string;
}

/** What a sample is filled in with. */
export interface SampleFacts {
  /** `[A-Za-z0-9]`, never the same twice. */
  readonly unique: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/**
 * The types of callback that a preset has a sample of; its default first.
 *
 * @example sampleTypes(runflow) // ['run.completed', …]
 */
export function sampleTypes(preset: ProviderPreset): readonly (string | null)[] {
  return samplesOf(preset).map(({ type }) => type);
}

/**
 * A realistic callback of a provider, unsigned.
 *
 * @param type the event type wanted; the default one when absent
 * @returns `null` when the preset has no sample of that type
 * @example makeSample(runflow, 'run.failed', { unique: '01KB', nowMs: Date.now() })?.body
 */
export function makeSample(
  preset: ProviderPreset,
  type: string | undefined,
  facts: SampleFacts,
): FilledSample | null {
  const found = samplesOf(preset).find((one) => type === undefined || one.type === type);
  if (found === undefined) return null;
  const time = new Date(facts.nowMs).toISOString().replace('Z', '+00:00');
  const fill = (text: string): string =>
    text
      .replaceAll('{unique}', facts.unique)
      .replaceAll('{time}', time)
      .replaceAll('{now_ms}', String(facts.nowMs))
      .replaceAll('{now_s}', String(Math.floor(facts.nowMs / 1_000)));
  return {
    type: found.type,
    headers: found.headers.map(([name, value]) => [name, fill(value)] as const),
    body: fill(found.body),
  };
}

/** For senders of whom nothing is known but that they sign. */
const ANY_JSON: Sample = {
  type: null,
  headers: [['Content-Type', 'application/json']],
  body: '{"id":"{unique}","message":"A test event","created_at":"{time}"}',
};

function samplesOf(preset: ProviderPreset): readonly Omit<Sample, 'others'>[] {
  const sample = preset.sample ?? generatedSamples[preset.id] ?? ANY_JSON;
  return [sample, ...(sample.others ?? [])];
}
