import type { Scheme } from './scheme.js';

/**
 * No signature at all: everything is let in. Only for sources whose owner has said so and whose URL nobody can guess.
 *
 * @example unsigned().verify(request, [], clock) // { ok: true, keyId: null, signedAtMs: null }
 */
export function unsigned(): Scheme<never> {
  return {
    name: 'unverified',
    signatureHeaders: [],
    signsTimestamp: false,
    defaultToleranceSeconds: null,
    secretUse: 'none',
    prepareKey: () => ({ ok: false, problem: 'this provider signs nothing, so it has no secrets' }),
    verify: () => ({ ok: true, keyId: null, signedAtMs: null }),
  };
}
