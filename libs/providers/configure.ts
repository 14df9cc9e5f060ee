import type { Scheme } from '#signatures';
import type { ProviderPreset } from './preset.js';

/** Settings of the provider's own, as a source keeps them. */
export type ProviderSettings = Readonly<Record<string, unknown>>;

/**
 * The scheme of a source: the preset's, or the one that the source's settings make.
 *
 * @example schemeOf(hmac, { header: 'X-My-Signature', encoding: 'base64' })
 */
export function schemeOf(preset: ProviderPreset, settings: ProviderSettings): Scheme {
  return preset.configuration?.scheme?.(settings) ?? preset.scheme;
}

/**
 * What is wrong with the settings of a source, by setting; nothing when they are right.
 *
 * @example settingProblems(stripe, { headr: 'x' }) // [{ path: 'headr', message: 'is no setting of Stripe' }]
 */
export function settingProblems(
  preset: ProviderPreset,
  settings: ProviderSettings,
): readonly { readonly path: string; readonly message: string }[] {
  const known = preset.configuration?.settings;
  const unknown = Object.keys(settings).filter((name) => known === undefined || !(name in known.shape));
  if (unknown.length > 0)
    return unknown.map((path) => ({ path, message: `is no setting of ${preset.name}` }));
  const checked = known?.safeParse(settings);
  if (checked === undefined || checked.success) return [];
  return checked.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
}
