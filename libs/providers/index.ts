// Who sends callbacks: one preset per provider, and the table of them.
// May know: signatures, and what each provider's documentation says.
// Must not: touch network, files, clock or secrets at rest; nor know who asks.
import type { ProviderPreset } from './preset.js';
import * as table from './presets/index.js';

export { type ProviderSettings, schemeOf, settingProblems } from './configure.js';
export { firstOf, header, joined, json } from './locators.js';
export type {
  Callback,
  Handshake,
  HandshakeReply,
  Locator,
  ProviderPreset,
  ProviderReply,
} from './preset.js';
export { type FilledSample, makeSample, type SampleFacts, sampleTypes } from './sample.js';

/** Every provider Callbox knows, in the order of their ids. */
export const presets: readonly ProviderPreset[] = Object.values(table).sort((a, b) => (a.id < b.id ? -1 : 1));

const presetsById = new Map(presets.map((preset) => [preset.id, preset]));

/**
 * The preset of a provider.
 *
 * @param id the word in `sources.provider`
 * @returns `null` for a provider nobody knows
 * @example findPreset('runflow')?.scheme.name // 'hmac'
 */
export function findPreset(id: string): ProviderPreset | null {
  return presetsById.get(id) ?? null;
}

/**
 * Every preset, in the order they are shown.
 *
 * @example listPresets().map((preset) => preset.id)
 */
export function listPresets(): readonly ProviderPreset[] {
  return presets;
}
