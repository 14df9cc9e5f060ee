import type { Scheme } from '#signatures';
import { isActive } from './current.js';

/** What a secret is for: the signature of the provider, or the bearer token that a source requires on top of it. */
export type SecretUse = 'signature' | 'bearer';

/** Whom a secret is for: a source, and how its provider signs. */
export interface SecretHolder {
  readonly id: string;
  readonly scheme: Scheme;
  readonly secretSource: 'generated' | 'imported' | 'either' | 'none';
  /** What secrets of this provider begin with, e.g. `sig_`, where that is known. */
  readonly secretPrefix: string | null;
  /** Whether the source checks a bearer token; `impossible` where the provider's own scheme fills that header. */
  readonly bearer: 'required' | 'possible' | 'impossible';
}

interface Sibling {
  readonly use: SecretUse;
  readonly expires_at: Date | null;
}

interface Wanted {
  readonly use?: SecretUse | undefined;
  /** The imported one. */
  readonly plainSecret?: string | undefined;
}

/**
 * What a new secret is for when nobody says so: the signature, unless its source requires a bearer token as well. Then
 * it goes by the text and by the usual order, first the secret that the provider signs with, then the token.
 */
export function useOf(
  holder: SecretHolder,
  { use, plainSecret }: Wanted,
  siblings: readonly Sibling[],
  nowMs: number,
): SecretUse {
  if (use !== undefined) return use;
  if (holder.bearer !== 'required') return 'signature';
  if (holder.secretSource === 'none') return 'bearer';
  if (plainSecret === undefined) return 'signature';
  if (!holder.scheme.prepareKey(plainSecret).ok) return 'bearer';
  // Providers have two signing secrets at a time: the second one is no token.
  if (holder.secretPrefix !== null && plainSecret.startsWith(holder.secretPrefix)) return 'signature';
  const has = (wanted: SecretUse): boolean =>
    siblings.some((sibling) => sibling.use === wanted && isActive(sibling, nowMs));
  return has('signature') && !has('bearer') ? 'bearer' : 'signature';
}

/** Whether a secret is only compared, so that nobody needs to keep its text. */
export function isCompared({ scheme }: SecretHolder, use: SecretUse): boolean {
  return use === 'bearer' || scheme.secretUse === 'compare';
}
