import type { DiagnosisCode } from '#contract';
import type { Finding } from './finding.js';
import { clockFinding } from './clock.js';
import type { Diagnosis } from './refused.js';
import type { Fit } from './search.js';
import { expectedShape, oneLine, shapeOf } from './shapes.js';
import type { Trials } from './trials.js';
import { differencesOf } from './url-variants.js';

/** Which finding gives the code and the fix when there are several. */
const PRECEDENCE: readonly Finding['kind'][] = [
  'secret',
  'header',
  'algorithm',
  'url',
  'body',
  'secret_form',
  'spelling',
  'clock',
];

/** Puts a fit into words: what was found while searching, and what of spelling and time is wrong besides. */
export async function explain(trials: Trials, fit: Fit): Promise<Diagnosis> {
  const findings = [...fit.findings, ...(await besides(trials, fit))];
  const sorted = findings.sort((a, b) => PRECEDENCE.indexOf(a.kind) - PRECEDENCE.indexOf(b.kind));
  const told = sorted.map((finding) => tell(trials, finding));
  const [first] = told;
  if (first === undefined)
    return {
      code: 'unknown',
      cause: 'It verifies now: what was lacking, a secret or a key, has come since',
      fix: 'Verify it again: POST /v1/rejections/{id}/reverify',
    };
  return { ...first, cause: told.map(({ cause }) => cause).join('. Besides: ') };
}

async function besides(trials: Trials, { request, keys, deviation }: Fit): Promise<Finding[]> {
  const { scheme } = trials.facts;
  const { spelling, ...otherwise } = deviation;
  const read = spelling === undefined ? scheme : (scheme.otherwise?.(deviation) ?? scheme);
  const clock = await clockFinding(trials, read, request, keys);
  const found = clock === null ? [] : [clock];
  if (spelling === undefined) return found;
  const strict = scheme.otherwise?.(otherwise) ?? scheme;
  const verdict = await trials.verify(strict, request, keys);
  if (verdict === null || verdict.ok) return found;
  const [header = ''] = scheme.signatureHeaders;
  const value = request.headers.find(([name]) => name.toLowerCase() === header.toLowerCase())?.[1] ?? '';
  const expected = await expectedShape(scheme, request, trials.facts.keys, header);
  return [{ kind: 'spelling', header, found: shapeOf(value), expected }, ...found];
}

function tell(trials: Trials, finding: Finding): Diagnosis {
  const { preset } = trials.facts;
  switch (finding.kind) {
    case 'secret':
      return tellSecret(finding.secret);
    case 'secret_form':
      return {
        code: 'wrong_encoding',
        cause: `The signature fits the secret “${oneLine(finding.secret.label)}” ${finding.how}`,
        fix: `Make the key of the secret as ${preset.name} does: ${preset.secret.format}`,
      };
    case 'algorithm':
      return {
        code: 'wrong_algorithm',
        cause: `The signature is right for ${finding.name.toUpperCase()}, which is not the hash of ${preset.name}`,
        fix: `Sign with the hash that ${preset.name} documents: ${preset.docsUrl}`,
      };
    case 'url':
      return tellUrl(trials, finding.claimed);
    case 'body':
      return tellBody(finding);
    case 'header':
      return {
        code: 'wrong_header',
        cause: `The signature is right, but stands in ${finding.found}; ${finding.expected} is expected`,
        fix: `Send it in the header ${finding.expected}, or set the header in the config of a source of the provider hmac`,
      };
    case 'spelling':
      return {
        code: 'wrong_encoding',
        cause: `The signature is right, but written in another way${finding.header === '' ? '' : `: ${finding.header} is ${finding.found}`}${finding.expected === null ? '' : `, expected is ${finding.expected}`}`,
        fix: `Write the signature ${finding.expected === null ? `as ${preset.name} documents: ${preset.docsUrl}` : `like this: ${finding.header}: ${finding.expected}`}`,
      };
    case 'clock':
      return tellClock(finding);
  }
}

function tellSecret({
  standing,
  label,
  sourceSlug,
  expiresAtMs,
}: Extract<Finding, { kind: 'secret' }>['secret']): Diagnosis {
  const name = `“${oneLine(label)}”`;
  if (standing === 'other_source')
    return {
      code: 'other_secret',
      cause: `The signature fits the secret ${name} of the source ${sourceSlug}`,
      fix: `Have the sender post to the ingest URL of ${sourceSlug}, or sign with a secret of this source`,
    };
  const when = expiresAtMs === null ? '' : ` on ${new Date(expiresAtMs).toISOString()}`;
  return {
    code: 'other_secret',
    cause: `The signature fits the secret ${name} of this source, which expired${when}`,
    fix: `Give the sender the current secret of this source, or let ${name} verify for longer: PATCH its expires_at`,
  };
}

function tellUrl({ refused, facts }: Trials, claimed: string): Diagnosis {
  const expected = refused.request.url;
  const shown = facts.showUrl(expected);
  return {
    code: 'url_mismatch',
    cause: `The signature is for the URL ${oneLine(facts.showUrl(claimed), 400)}, expected is ${shown} (different: ${differencesOf(expected, claimed).join(', ')})`,
    fix: `Give the sender exactly ${shown}, or set PUBLIC_URL to what senders use`,
  };
}

function tellBody({ how, isReserialized }: Extract<Finding, { kind: 'body' }>): Diagnosis {
  return {
    code: 'body_reserialized',
    cause: `The signature fits the body ${how}`,
    fix: isReserialized
      ? 'Sign and pass on the raw bytes of the body: no JSON parser and serializer between signing and sending'
      : 'Sign exactly the bytes that are sent: nothing in between may add, strip or convert line ends and characters',
  };
}

function tellClock({ cause, isUnit }: Extract<Finding, { kind: 'clock' }>): Diagnosis {
  const code: DiagnosisCode = 'clock_skew';
  if (isUnit) return { code, cause, fix: 'Write the time in the unit that the provider documents' };
  return {
    code,
    cause,
    fix: 'Set the sender’s clock by NTP and sign at the moment of sending; where callbacks are held up, raise tolerance_seconds in the config of the source',
  };
}
