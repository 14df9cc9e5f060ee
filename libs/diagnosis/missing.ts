import type { SignedRequest } from '#signatures';
import { explain } from './explain.js';
import { guessProvider, hasHeader, missingHeaders, type ProviderGuess } from './provider-guess.js';
import type { Diagnosis } from './refused.js';
import { search } from './search.js';
import { oneLine } from './shapes.js';
import type { Trials } from './trials.js';

const MOST_HEADERS = 4;
/** What a signature of 16 bytes or more cannot do without. */
const SIGNATURE_LIKE = /[\w+/-]{22,}/;
const NEVER_SIGNATURES =
  /^(?:host|user-agent|accept.*|content-.*|cookie|x-forwarded-.*|x-request-id|traceparent|tracestate|connection)$/i;

/** Why there is no signature where it is expected: in another header, another provider's, half of it, or none at all. */
export async function diagnoseMissing(trials: Trials): Promise<Diagnosis> {
  const { request } = trials.refused;
  const { scheme, preset } = trials.facts;
  const missing = missingHeaders(scheme.signatureHeaders, request.headers);
  const [main] = scheme.signatureHeaders;
  const isElsewhere = main === undefined || !hasHeader(request.headers, main);
  const renamed = isElsewhere ? await tryOtherHeaders(trials) : null;
  if (renamed !== null) return renamed;
  if (missing.length < scheme.signatureHeaders.length) return halfSigned(trials, missing);
  const guess = guessProvider(request, preset);
  return guess === null ? notSigned(trials) : wrongProvider(trials, guess);
}

function halfSigned({ facts: { scheme, preset } }: Trials, missing: readonly string[]): Diagnosis {
  const names = missing.join(' and ');
  if (missing.length === 0)
    return {
      code: 'not_signed',
      cause: `Something that ${preset.name} signs along is missing from the request`,
      fix: `Send the callback as ${preset.name} does, with ${scheme.signatureHeaders.join(', ')} and the whole body`,
    };
  return {
    code: 'header_missing',
    cause: `Only a part of the signature came: ${names} ${missing.length === 1 ? 'is' : 'are'} missing`,
    fix: `Pass all headers on, ${names} too; a proxy in between may drop those it does not know`,
  };
}

/** A signature that verifies once its header has the right name. */
async function tryOtherHeaders(trials: Trials): Promise<Diagnosis | null> {
  const { request } = trials.refused;
  const [expected] = trials.facts.scheme.signatureHeaders;
  if (expected === undefined) {
    // What stands in the body cannot be found where the body was changed.
    const fit = await search(trials, request);
    return fit === null ? null : explain(trials, fit);
  }
  const own = trials.facts.scheme.signatureHeaders.map((name) => name.toLowerCase());
  const candidates = request.headers.filter(
    ([name, value]) =>
      SIGNATURE_LIKE.test(value) && !NEVER_SIGNATURES.test(name) && !own.includes(name.toLowerCase()),
  );
  for (const [name] of candidates.slice(0, MOST_HEADERS)) {
    const renamed = withRenamed(request, trials, name);
    const fit = await search(trials, renamed);
    if (fit === null) continue;
    const header = { kind: 'header', found: oneLine(name), expected } as const;
    return explain(trials, { ...fit, findings: [...fit.findings, header] });
  }
  return null;
}

/**
 * The request with `found` called as the scheme expects it. What belongs to it is renamed along, where it differs in its
 * beginning only: `svix-id` and `svix-timestamp` with `svix-signature`.
 */
function withRenamed(request: SignedRequest, { facts }: Trials, found: string): SignedRequest {
  const expected = facts.scheme.signatureHeaders;
  const [main = ''] = expected;
  const names = new Map([[found.toLowerCase(), main]]);
  const ending = commonEnding(found.toLowerCase(), main.toLowerCase());
  const prefix = found.toLowerCase().slice(0, found.length - ending.length);
  const expectedPrefix = main.slice(0, main.length - ending.length);
  if (ending.length > 0)
    for (const name of expected.slice(1))
      if (name.startsWith(expectedPrefix))
        names.set(prefix + name.slice(expectedPrefix.length).toLowerCase(), name);
  const headers = request.headers.map(
    ([name, value]) => [names.get(name.toLowerCase()) ?? name, value] as const,
  );
  return { ...request, headers };
}

function commonEnding(one: string, other: string): string {
  let length = 0;
  while (length < Math.min(one.length, other.length) && one.at(-1 - length) === other.at(-1 - length))
    length += 1;
  return one.slice(one.length - length);
}

function wrongProvider({ facts: { preset, scheme } }: Trials, { header, names }: ProviderGuess): Diagnosis {
  const expected = scheme.signatureHeaders.join(', ') || 'its signature in the body';
  return {
    code: 'wrong_provider',
    cause: `It looks like a callback of ${names}, by its header ${oneLine(header)}; this source is for ${preset.name}, which sends ${expected}`,
    fix: `Make a source of the right provider, and give its ingest URL to the sender`,
  };
}

function notSigned({ facts: { preset, scheme } }: Trials): Diagnosis {
  const place =
    scheme.signatureHeaders.length > 0
      ? `the header ${scheme.signatureHeaders.join(', ')} is not there`
      : 'it stands neither in the body nor in the query';
  if (scheme.secretUse === 'public')
    return {
      code: 'not_signed',
      cause: `The callback is not signed: ${place}; ${preset.name} signs with a key of its own`,
      fix: `See that signing is switched on at ${preset.name} where that is a choice, and that nothing in between drops its headers`,
    };
  return {
    code: 'not_signed',
    cause: `The callback is not signed: ${place}, most likely because no secret is registered at the sender`,
    fix: `Register the secret of this source at ${preset.name}, so that it signs its callbacks; its format is: ${preset.secret.format}`,
  };
}
