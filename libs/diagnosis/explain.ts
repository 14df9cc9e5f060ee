import type { DiagnosisCode } from '#contract';
import type { Finding } from './finding.js';
import { clockFinding, type ClockFinding } from './clock.js';
import { elsewhere, whose } from './other-source.js';
import type { Diagnosis, KnownSecret } from './refused.js';
import type { Fit } from './fit.js';
import { misspelled } from './misspelled.js';
import { oneLine } from './shapes.js';
import type { Trials } from './trials.js';
import { tellUrl } from './url-mismatch.js';

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
  const findings = [...fit.findings.flatMap(withExpiry), ...(await besides(trials, fit))];
  const sorted = findings.sort((a, b) => PRECEDENCE.indexOf(a.kind) - PRECEDENCE.indexOf(b.kind));
  const told = sorted.map((finding) => tell(trials, finding));
  const [first] = told;
  if (first === undefined)
    return {
      code: 'unknown',
      cause: 'It verifies now: what was lacking, a secret or a key, has come since',
      fix: 'Verify it again: POST /v1/rejections/{id}/reverify',
    };
  const causes = new Set(told.map(({ cause }) => cause));
  return { ...first, cause: [...causes].join('. Besides: ') };
}

/** A key made in another way of a secret that has expired would not do if it were made in the right one. */
function withExpiry(finding: Finding): Finding[] {
  return finding.kind === 'secret_form' && finding.secret.standing === 'expired'
    ? [{ kind: 'secret', secret: finding.secret }, finding]
    : [finding];
}

async function besides(trials: Trials, fit: Fit): Promise<Finding[]> {
  const { scheme } = trials.facts;
  const { request, keys, deviation } = fit;
  const { spelling, ...otherwise } = deviation;
  const read = spelling === undefined ? scheme : (scheme.otherwise?.(deviation) ?? scheme);
  const clock = await clockFinding(trials, read, fit);
  const found = clock === null ? [] : [clock];
  if (spelling === undefined) return found;
  const strict = scheme.otherwise?.(otherwise) ?? scheme;
  const verdict = await trials.verify(strict, request, keys);
  if (verdict === null || verdict.ok) return found;
  return [{ kind: 'spelling', ...(await misspelled(trials, request)) }, ...found];
}

function tell(trials: Trials, finding: Finding): Diagnosis {
  const { preset } = trials.facts;
  switch (finding.kind) {
    case 'secret':
      return tellSecret(trials, finding.secret);
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
        cause: `The signature is right, but ${finding.isTime ? 'its time is ' : ''}written in another way${finding.header === '' ? '' : `: ${finding.header} is ${finding.found}`}${finding.expected === null ? '' : `, expected is ${finding.expected}`}`,
        fix: `Write ${finding.isTime ? 'the time' : 'the signature'} ${finding.expected === null ? `as ${preset.name} documents: ${preset.docsUrl}` : `like this: ${finding.header}: ${finding.expected}`}`,
      };
    case 'clock':
      return tellClock(finding);
  }
}

function tellSecret(trials: Trials, secret: KnownSecret): Diagnosis {
  const { standing, label, expiresAtMs } = secret;
  const name = `“${oneLine(label)}”`;
  if (standing === 'other_source')
    return {
      code: 'other_secret',
      cause: `The signature fits the secret ${name} of ${whose(secret, trials)}`,
      fix: elsewhere(secret, trials, 'sign with a secret of this source'),
    };
  const when = expiresAtMs === null ? '' : ` on ${new Date(expiresAtMs).toISOString()}`;
  return {
    code: 'other_secret',
    cause: `The signature fits the secret ${name} of this source, which expired${when}`,
    fix: `Give the sender the current secret of this source, or let ${name} verify for longer: PATCH its expires_at`,
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

/** Puts a time that is too far away into words. */
export function tellClock({ cause, isUnit }: ClockFinding): Diagnosis {
  const code: DiagnosisCode = 'clock_skew';
  if (isUnit) return { code, cause, fix: 'Write the time in the unit that the provider documents' };
  return {
    code,
    cause,
    fix: 'Set the sender’s clock by NTP and sign at the moment of sending; where callbacks are held up, raise tolerance_seconds in the config of the source',
  };
}
