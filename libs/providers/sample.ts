import type { HeaderPairs } from '#signatures';
import type { ProviderPreset, Sample } from './preset.js';

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
 * @returns an empty list when it has none
 */
export function sampleTypes({ sample }: ProviderPreset): readonly (string | null)[] {
  return samplesOf(sample).map(({ type }) => type);
}

/**
 * A realistic callback of a provider, unsigned.
 *
 * @param type the event type wanted; the default one when absent
 * @returns `null` when the preset has no sample of that type
 * @example makeSample(runflow, 'run.failed', { unique: '01KB', nowMs: Date.now() })?.body
 */
export function makeSample(
  { sample }: ProviderPreset,
  type: string | undefined,
  facts: SampleFacts,
): FilledSample | null {
  const found = samplesOf(sample).find((one) => type === undefined || one.type === type);
  if (found === undefined) return null;
  const time = new Date(facts.nowMs).toISOString().replace('Z', '+00:00');
  const fill = (text: string): string => text.replaceAll('{unique}', facts.unique).replaceAll('{time}', time);
  return {
    type: found.type,
    headers: found.headers.map(([name, value]) => [name, fill(value)] as const),
    body: fill(found.body),
  };
}

function samplesOf(sample: Sample | undefined): readonly Omit<Sample, 'others'>[] {
  return sample === undefined ? [] : [sample, ...(sample.others ?? [])];
}
