import { malformed, problem } from '#errors';
import {
  findPreset,
  type ProviderPreset,
  type ProviderSettings,
  schemeOf,
  settingProblems,
} from '#providers';
import type { SecretHolder } from '#secrets';
import type { Scheme } from '#signatures';
import type { Source, SourceConfig } from './source.entity.js';

const COMMON_SETTINGS: readonly string[] = [
  'tolerance_seconds',
  'dedupe',
  'response',
  'retention_days',
  'rate_limit',
  'url_token',
  'require',
];
/** How a preset says what its secrets begin with: `sig_… the current or the next signing key`. */
const SECRET_PREFIX = /^([\w,]+[_-])…/;

/** The settings of a source that are its provider's own. */
export function providerSettings(config: SourceConfig): ProviderSettings {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !COMMON_SETTINGS.includes(name)));
}

/** Refuses a config with settings that the provider does not have, or wrong ones. */
export function checkConfig(preset: ProviderPreset, config: SourceConfig): void {
  const settings = providerSettings(config);
  const problems = settingProblems(preset, settings);
  if (problems.length > 0)
    throw malformed(problems.map(({ path, message }) => ({ path: `config.${path}`, message })));
  if (requiresBearer(config) && fillsAuthorization(schemeOf(preset, settings)))
    throw malformed([
      {
        path: 'config.require',
        message: `cannot be required of ${preset.name}, whose own credentials stand in Authorization`,
      },
    ]);
}

/** Whether callbacks of a source must carry a bearer token, on top of what its provider signs. */
export function requiresBearer(config: SourceConfig): boolean {
  return config.require?.includes('bearer') === true;
}

function fillsAuthorization({ signatureHeaders }: Scheme): boolean {
  return signatureHeaders.some((name) => name.toLowerCase() === 'authorization');
}

/** What a source's secrets are for: how its provider, with the settings of this source, signs. */
export function secretHolderOf(source: Source): SecretHolder {
  const preset = findPreset(source.provider);
  if (preset === null) throw problem('provider_unknown');
  const scheme = schemeOf(preset, providerSettings(source.config));
  const mayRequire = fillsAuthorization(scheme) ? 'impossible' : 'possible';
  return {
    id: source.id,
    scheme,
    secretSource: preset.secret.source,
    secretPrefix: SECRET_PREFIX.exec(preset.secret.format)?.[1] ?? null,
    bearer: requiresBearer(source.config) ? 'required' : mayRequire,
  };
}
