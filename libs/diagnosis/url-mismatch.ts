import type { Diagnosis } from './refused.js';
import { oneLine } from './shapes.js';
import type { Trials } from './trials.js';
import { differencesOf } from './url-variants.js';

/** Puts into words that a signature is for another URL. */
export function tellUrl({ refused, facts }: Trials, claimed: string): Diagnosis {
  const expected = refused.request.url;
  const shown = facts.showUrl(expected);
  return {
    code: 'url_mismatch',
    cause: `The signature is for the URL ${oneLine(facts.showUrl(claimed), 400)}, expected is ${shown} (different: ${differencesOf(expected, claimed).join(', ')})`,
    fix: `Give the sender exactly ${shown}, or set PUBLIC_URL to what senders use`,
  };
}
