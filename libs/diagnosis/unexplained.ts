import type { Key } from '#signatures';
import type { Diagnosis } from './refused.js';
import { misspelled } from './misspelled.js';
import { oneLine } from './shapes.js';
import { claimedUrls } from './tokens.js';
import type { Trials } from './trials.js';
import { tellUrl } from './url-mismatch.js';

const TIMES: readonly string[] = ['exp', 'iat', 'nbf', 'jti'];

/** Nothing that was tried fits: what can be said all the same. */
export async function unexplained(trials: Trials): Promise<Diagnosis> {
  const { refused, facts } = trials;
  if (facts.keys.length === 0) return noSecret(trials);
  switch (refused.reason) {
    case 'no_secret':
      return {
        code: 'keys_unavailable',
        cause: `The keys that ${facts.preset.name} publishes could not be fetched when the callback came`,
        fix: 'Check that Callbox can reach the provider, and verify the callback again: POST /v1/rejections/{id}/reverify',
      };
    case 'claim_invalid':
      return otherClaims(trials);
    case 'signature_malformed':
      return malformed(trials);
    default:
      return unknown(trials);
  }
}

function unknown({ facts: { keys }, refused: { request }, touched, budget }: Trials): Diagnosis {
  const secrets = keys.length === 1 ? 'the active secret' : `any of the ${keys.length} active secrets`;
  const mistakes = budget.wasShort
    ? 'nor any of those usual mistakes that there was time to try for a request like this one'
    : 'nor any of the usual mistakes';
  const isEmpty = touched.body && request.body.length === 0;
  return {
    code: 'unknown',
    cause: `The signature is well formed, but does not fit ${secrets} of the source, ${mistakes}${isEmpty ? '; the body is empty' : ''}`,
    fix: isEmpty
      ? 'If a body was signed, see that nothing in between consumes it; else compare the last 4 characters of the sender’s secret with the hint of the source’s'
      : 'Compare the last 4 characters of the sender’s secret with the hint of the source’s, and send the exact bytes that were signed',
  };
}

/** The source has nothing to verify with. */
export function noSecret({ facts: { preset } }: Trials): Diagnosis {
  return {
    code: 'no_secret',
    cause: 'The source has no active callback secret',
    fix: `Import the secret of ${preset.name} (${preset.secret.format}), or make one and register it there: POST /v1/callback-secrets; then verify this callback again`,
  };
}

async function malformed(trials: Trials): Promise<Diagnosis> {
  const { refused, facts } = trials;
  const { header, found, expected, isTime } = await misspelled(trials, refused.request);
  return {
    code: 'unknown',
    cause:
      found === ''
        ? 'The signature is not written as the provider writes it'
        : `${header} is not written as the provider writes it: it is ${found}${expected === null ? '' : `, expected is ${expected}`}`,
    fix: `Write the ${isTime ? 'time' : 'signature'} as ${facts.preset.name} documents: ${facts.preset.docsUrl}`,
  };
}

/** The token is genuine, but not about this request. What a fresh one would say, tells which claims are meant. */
async function otherClaims(trials: Trials): Promise<Diagnosis> {
  const { token, facts, refused } = trials;
  const wanted = await freshClaims(trials, facts.keys);
  const claimed = claimedUrls(token).find((url) => url !== refused.request.url);
  if (claimed !== undefined && Object.values(wanted).includes(refused.request.url))
    return tellUrl(trials, claimed);
  const different = Object.entries(wanted).filter(
    ([name, value]) => !TIMES.includes(name) && !isSame(token?.claims[name], value),
  );
  if (different.some(([, value]) => isHash(value)))
    return {
      code: 'body_changed',
      cause:
        'The token is genuine, but was made for another body: its hash is not the one of the bytes received',
      fix: 'Pass the body on exactly as it was sent: nothing in between may parse, decompress or change it',
    };
  const named = different.map(
    ([name, value]) => `${name} is ${shown(facts, token?.claims[name])}, expected is ${shown(facts, value)}`,
  );
  return {
    code: 'claim_mismatch',
    cause:
      named.length === 0
        ? 'What the callback says of itself (its certificate, issuer, audience or subscription) is not what this source expects'
        : `The token is genuine, but ${named.join('; ')}`,
    fix: `See that ${facts.preset.name} sends this source what is meant for it: ${facts.preset.secret.format}; its URL is ${facts.showUrl(refused.request.url)}`,
  };
}

async function freshClaims(
  { facts: { scheme }, refused: { request, receivedAtMs }, budget }: Trials,
  [key]: readonly Key[],
): Promise<Readonly<Record<string, unknown>>> {
  if (scheme.sign === undefined || key === undefined) return {};
  // Of a body that takes too long to hash, any other hash will do to tell its claim from the rest.
  const body = budget.spend(request.body.length) ? request.body : Buffer.alloc(0);
  const signed = await scheme.sign({ ...request, body }, [key], { nowMs: receivedAtMs });
  const payload = signed.flatMap(([, value]) => value.split('.', 3).slice(1, 2))[0] ?? '';
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[\w+/-]{43}=?$|^[0-9a-f]{64}$/.test(value);
}

function isSame(one: unknown, other: unknown): boolean {
  const bare = (value: unknown): unknown =>
    typeof value === 'string' ? value.replace(/={1,2}$/, '') : value;
  return other === '' || bare(one) === bare(other);
}

function shown({ showUrl }: Trials['facts'], value: unknown): string {
  if (value === undefined) return 'not there';
  if (typeof value !== 'string') return oneLine(JSON.stringify(value) ?? '');
  return oneLine(/^https?:/i.test(value) ? showUrl(value) : value);
}
