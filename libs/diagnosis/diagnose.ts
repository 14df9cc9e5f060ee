import { diagnoseAuthorization } from './authorization.js';
import { Budget } from './budget.js';
import { clockFindingOfVerified } from './clock.js';
import { explain, tellClock } from './explain.js';
import { diagnoseMissing } from './missing.js';
import type { Diagnosis, DiagnosisFacts, Refused } from './refused.js';
import { search } from './search.js';
import { oneLine } from './shapes.js';
import { Trials } from './trials.js';
import { unexplained } from './unexplained.js';

/**
 * Says why a callback was refused, by trying what usually goes wrong. What it costs is bounded by `budget`, whatever the
 * callback is made of; it lets nothing in and repeats no secret.
 *
 * @example (await diagnose({ reason: 'signature_mismatch', request, receivedAtMs }, facts)).code // 'body_reserialized'
 */
export async function diagnose(
  refused: Refused,
  facts: DiagnosisFacts,
  budget: Budget = new Budget(),
): Promise<Diagnosis> {
  if (refused.reason === 'body_too_large') return tooLarge(refused, facts);
  const trials = new Trials(refused, facts, budget);
  const simple = (await sentSecret(refused, facts)) ?? repeatedHeader(refused, facts);
  if (simple !== null) return simple;
  if (refused.reason.startsWith('authorization_') || facts.scheme.secretUse === 'compare')
    return diagnoseAuthorization(trials);
  if (refused.reason === 'signature_missing') return diagnoseMissing(trials);
  const fit = await search(trials, refused.request);
  // Its body is too long to be verified once more; that the signature is right has been found already.
  if (fit === null && refused.reason === 'timestamp_outside_tolerance')
    return tellClock(clockFindingOfVerified(trials));
  return fit === null || (fit.findings.length === 0 && facts.keys.length === 0)
    ? unexplained(trials)
    : explain(trials, fit);
}

function tooLarge({ request }: Refused, { maxBodyBytes }: DiagnosisFacts): Diagnosis {
  const declared = request.headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  const size =
    declared !== undefined && /^\d{1,15}$/.test(declared)
      ? `has ${declared} bytes`
      : 'was sent without its length';
  return {
    code: 'body_too_large',
    cause: `The body ${size}; at most ${maxBodyBytes} are taken, and nothing is stored cut`,
    fix: 'Have the sender send less, or raise CALLBOX_MAX_BODY_BYTES',
  };
}

/** Whoever sends the secret instead of a signature has given it away. */
async function sentSecret(
  { request: { headers } }: Refused,
  facts: DiagnosisFacts,
): Promise<Diagnosis | null> {
  if (facts.scheme.secretUse !== 'compute') return null;
  for (const { plainSecret, label } of await facts.secrets()) {
    const found = plainSecret !== null && headers.find(([, value]) => value.includes(plainSecret));
    if (found)
      return {
        code: 'secret_sent',
        cause: `The secret “${oneLine(label)}” itself stands in ${oneLine(found[0])}, where a signature made with it is expected`,
        fix: 'Rotate the secret, for it has been given away, and have the sender sign with the new one: POST /v1/callback-secrets/{id}/rotations',
      };
  }
  return null;
}

/** Which of two would have been believed, nobody can know. */
function repeatedHeader({ request: { headers } }: Refused, { scheme }: DiagnosisFacts): Diagnosis | null {
  const names = headers.map(([name]) => name.toLowerCase());
  const repeated = scheme.signatureHeaders.find((wanted) => {
    const lowerCase = wanted.toLowerCase();
    return names.indexOf(lowerCase) !== names.lastIndexOf(lowerCase);
  });
  if (repeated === undefined) return null;
  return {
    code: 'header_repeated',
    cause: `${repeated} stands in the request more than once`,
    fix: `Send ${repeated} once; a proxy in between may add it a second time`,
  };
}
