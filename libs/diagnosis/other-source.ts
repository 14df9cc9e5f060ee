import type { KnownSecret } from './refused.js';
import type { Trials } from './trials.js';

/** The source that a secret belongs to, and what has become of either. */
export function whose(secret: KnownSecret, { refused }: Trials): string {
  if (secret.isSourceDeleted) return `the source ${secret.sourceSlug}, which has been deleted`;
  const isExpired = (secret.expiresAtMs ?? Infinity) <= refused.receivedAtMs;
  return `the source ${secret.sourceSlug}${isExpired ? ', which has expired' : ''}`;
}

/** What to do when a sender uses the secret of another source; its URL is named where the callback would be taken there. */
export function elsewhere(secret: KnownSecret, { refused }: Trials, here: string): string {
  const isExpired = (secret.expiresAtMs ?? Infinity) <= refused.receivedAtMs;
  return isExpired || secret.isSourceDeleted
    ? `Have the sender ${here}`
    : `Have the sender post to the ingest URL of ${secret.sourceSlug}, or ${here}`;
}
