import { problem } from '#errors';
import {
  findPreset,
  type ProviderPreset,
  type ProviderSettings,
  schemeOf,
  settingProblems,
} from '#providers';
import type { SecretHolder } from '#secrets';
import type { Source, SourceConfig } from './source.entity.js';

const COMMON_SETTINGS: readonly string[] = [
  'tolerance_seconds',
  'dedupe',
  'response',
  'retention_days',
  'url_token',
];

/** The settings of a source that are its provider's own. */
export function providerSettings(config: SourceConfig): ProviderSettings {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !COMMON_SETTINGS.includes(name)));
}

/** Refuses a config with settings that the provider does not have, or wrong ones. */
export function checkConfig(preset: ProviderPreset, config: SourceConfig): void {
  const problems = settingProblems(preset, providerSettings(config));
  if (problems.length === 0) return;
  const errors = problems.map(({ path, message }) => ({ path: `config.${path}`, message }));
  const [first] = errors;
  throw problem('malformed_request', {
    detail: `${first?.path ?? 'config'}: ${first?.message ?? 'is wrong'}`,
    errors,
  });
}

/** What a source's secrets are for: how its provider, with the settings of this source, signs. */
export function secretHolderOf(source: Source): SecretHolder {
  const preset = findPreset(source.provider);
  if (preset === null) throw problem('provider_unknown');
  return {
    id: source.id,
    scheme: schemeOf(preset, providerSettings(source.config)),
    secretSource: preset.secret.source,
  };
}
