import type { Credential, HeaderPairs } from '#signatures';
import { type Budget, WORK } from './budget.js';
import { guessProvider, hasHeader } from './provider-guess.js';
import { elsewhere, whose } from './other-source.js';
import type { Diagnosis, KnownSecret } from './refused.js';
import { authenticationScheme, oneLine } from './shapes.js';
import type { Trials } from './trials.js';
import { noSecret } from './unexplained.js';

const MOST_HEADERS = 40;
/** Of schemes that are a kind of authorization of their own. */
const KINDS = new Map([
  ['bearer', 'Bearer'],
  ['basic', 'Basic'],
]);

/**
 * Why a credential was not accepted. Imported ones are hashed slowly, and nobody's guesses are worth that: only those
 * that are quick to compare are tried.
 */
export async function diagnoseAuthorization(trials: Trials): Promise<Diagnosis> {
  const { facts, refused } = trials;
  const isBearer = facts.scheme.secretUse !== 'compare';
  const secrets = (await facts.secrets()).filter(({ use }) => use === (isBearer ? 'bearer' : 'signature'));
  const found = tryAll(refused.request.headers, secrets, trials.budget);
  if (found !== null) return tell(trials, found);
  if (!isBearer && facts.keys.length === 0) return noSecret(trials);
  return refused.reason === 'authorization_missing' ? missing(trials) : mismatch(trials);
}

interface Found {
  readonly secret: KnownSecret;
  readonly header: string;
  readonly how: string;
}

function tryAll(headers: HeaderPairs, secrets: readonly KnownSecret[], budget: Budget): Found | null {
  for (const [header, value] of headers.slice(0, MOST_HEADERS))
    for (const { text, how } of readings(value))
      for (const secret of secrets) {
        if (secret.credential === null) continue;
        if (!budget.spend(WORK.verification.compare)) return null;
        if (matches(secret.credential, text)) return { secret, header, how };
      }
  return null;
}

/** A credential that answers later is slow, and counts as no match. */
function matches(credential: Credential, text: string): boolean {
  return credential.matches(text) === true;
}

/** What may be meant as the credential in the value of a header. */
function readings(value: string): { readonly text: string; readonly how: string }[] {
  const trimmed = value.trim();
  const [, rest = ''] = /^\w+ +(.+)$/.exec(trimmed) ?? [];
  const all = [
    { text: trimmed, how: 'alone' },
    { text: rest.trim(), how: `after “${authenticationScheme(trimmed) ?? 'another word'}”` },
    { text: rest.replace(/^\w+ +/, ''), how: 'after two words' },
    { text: trimmed.replace(/^["']|["']$/g, ''), how: 'in quotation marks' },
    { text: rest.replace(/^["']|["']$/g, ''), how: 'in quotation marks' },
    { text: Buffer.from(rest || trimmed, 'base64').toString(), how: 'in base64' },
  ];
  return all.filter(
    ({ text }, index) =>
      text.length >= 8 && text.length <= 1_024 && all.findIndex((one) => one.text === text) === index,
  );
}

function placeOf({ facts: { scheme } }: Trials): string {
  if (scheme.secretUse !== 'compare') return 'Authorization, after “Bearer ”';
  const [header] = scheme.signatureHeaders;
  const kind = KINDS.get(scheme.name);
  if (header !== undefined) return kind === undefined ? header : `${header}, after “${kind} ”`;
  return scheme.tokenParameter === undefined
    ? 'a field of the body'
    : `the query parameter ${scheme.tokenParameter}`;
}

function tell(trials: Trials, { secret, header, how }: Found): Diagnosis {
  const place = placeOf(trials);
  const name = `“${oneLine(secret.label)}”`;
  if (secret.standing === 'active')
    return {
      code: 'wrong_encoding',
      cause: `The token is right, but stands ${how} in ${oneLine(header)}; it is expected in ${place}`,
      fix: `Send the token in ${place}`,
    };
  if (secret.standing === 'expired')
    return {
      code: 'other_secret',
      cause: `The token is the secret ${name} of this source, which has expired`,
      fix: 'Give the sender the current token of this source',
    };
  return {
    code: 'other_secret',
    cause: `The token is the secret ${name} of ${whose(secret, trials)}`,
    fix: elsewhere(secret, trials, 'send a token of this source'),
  };
}

function missing(trials: Trials): Diagnosis {
  const { facts, refused } = trials;
  const guess = facts.scheme.secretUse === 'compare' ? guessProvider(refused.request, facts.preset) : null;
  if (guess !== null)
    return {
      code: 'wrong_provider',
      cause: `It looks like a callback of ${guess.names}, by its header ${oneLine(guess.header)}; this source is for ${facts.preset.name}`,
      fix: 'Make a source of the right provider, and give its ingest URL to the sender',
    };
  const place = placeOf(trials);
  return {
    code: 'authorization_missing',
    cause: `There is no token in ${place}`,
    fix: `Have the sender send its token in ${place}, and see that no proxy in between drops it`,
  };
}

/** Whether it is `user:password` in base64, as RFC 7617 has it. */
function isPair(value: string): boolean {
  const text = value.trim().split(' ').at(-1) ?? '';
  const decoded = Buffer.from(text, 'base64');
  return decoded.toString('base64') === text && decoded.includes(':');
}

function mismatch(trials: Trials): Diagnosis {
  const { headers } = trials.refused.request;
  const place = placeOf(trials);
  const isBasic = trials.facts.scheme.name === 'basic';
  const [name = 'Authorization'] =
    trials.facts.scheme.secretUse === 'compare' ? trials.facts.scheme.signatureHeaders : [];
  const values = headers.filter(([one]) => one.toLowerCase() === name.toLowerCase());
  const scheme = authenticationScheme(values[0]?.[1] ?? '');
  const isOtherScheme =
    hasHeader(headers, 'authorization') &&
    name === 'Authorization' &&
    !place.toLowerCase().includes(`${scheme?.toLowerCase() ?? ''} `);
  const about =
    values.length > 1
      ? `${name} stands there ${values.length} times`
      : isBasic && !isOtherScheme && !isPair(values[0]?.[1] ?? '')
        ? 'What Authorization holds is not user:password in base64'
        : isOtherScheme
          ? `Authorization is ${scheme === null ? 'of no usual kind' : `of the kind “${scheme}”`}`
          : 'The token is none of the source’s active ones';
  return {
    code: 'authorization_mismatch',
    cause: `${about}; the token is expected in ${place}`,
    fix: 'Give the sender the current token of this source, or import the one that it sends: POST /v1/callback-secrets',
  };
}
