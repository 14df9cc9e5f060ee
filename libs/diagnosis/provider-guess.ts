import { type Callback, listPresets, type ProviderPreset } from '#providers';
import type { HeaderPairs, SignedRequest } from '#signatures';

const MOST_NAMED = 3;
/** A preset that stands for everybody who signs in this way. */
const GENERIC = '(any sender)';
/** Of a provider's headers, those without which a callback is none of its own; a time or an id stands in many. */
const TELLING = /sign|hmac|token|digest|auth|jwt|secret|hash/i;

const presetsByHeader = new Map<string, ProviderPreset[]>();
for (const preset of listPresets())
  for (const name of tellingHeaders(preset)) {
    const lowerCase = name.toLowerCase();
    if (lowerCase === 'authorization') continue;
    presetsByHeader.set(lowerCase, [...(presetsByHeader.get(lowerCase) ?? []), preset]);
  }

function tellingHeaders({ scheme: { signatureHeaders } }: ProviderPreset): readonly string[] {
  const telling = signatureHeaders.filter((name) => TELLING.test(name));
  return telling.length > 0 ? telling : signatureHeaders.slice(0, 1);
}

/** A header that some provider signs with, and who may have sent it, in words. */
export interface ProviderGuess {
  readonly header: string;
  readonly names: string;
}

/** Which other provider's callback this looks like, by its signature headers; `null` when like none. */
export function guessProvider(request: SignedRequest, own: ProviderPreset): ProviderGuess | null {
  const found = request.headers.flatMap(([header]) =>
    (presetsByHeader.get(header.toLowerCase()) ?? [])
      .filter((preset) => preset.scheme !== own.scheme)
      .map((preset) => ({ header, preset, score: scoreOf(preset, request) })),
  );
  const best = Math.max(...found.map(({ score }) => score));
  const top = found.filter(({ score }) => score === best);
  const [first] = top;
  if (first === undefined) return null;
  return { header: first.header, names: namesOf(top.map(({ preset }) => preset)) };
}

/** Where many do the same, the one that stands for all; and who shares a scheme is named along. */
function namesOf(top: readonly ProviderPreset[]): string {
  const different = [...new Set(top)];
  const generic = different.filter(({ name }) => name.endsWith(GENERIC));
  const isCommon = different.length > MOST_NAMED && generic.length > 0;
  const sharing = listPresets().filter(
    (preset) => !different.includes(preset) && different.some(({ scheme }) => scheme === preset.scheme),
  );
  const names = (isCommon ? generic : [...different, ...sharing]).map(({ name }) => name);
  return names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(', ')} or others that sign alike`
    : names.join(' or ');
}

/** Headers that are there count most, then ids and types where this provider puts them, then a name of the sender's. */
function scoreOf(preset: ProviderPreset, { headers, url, method, body }: SignedRequest): number {
  const { signatureHeaders } = preset.scheme;
  const found = signatureHeaders.filter((name) => hasHeader(headers, name)).length;
  const isLacking = missingHeaders(signatureHeaders, headers).length > 0;
  // The body is not parsed for a guess: what stands in headers is found all the same.
  const callback: Callback = { headers, url, method, body, json: undefined };
  const facts = [preset.eventId, preset.eventType].filter((locate) => (locate?.(callback) ?? null) !== null);
  const agent = headers.find(([name]) => name.toLowerCase() === 'user-agent')?.[1].toLowerCase() ?? '';
  const isNamed = agent.includes(preset.id.split('-', 1)[0] ?? preset.id);
  return found * 8 + facts.length * 2 + (isNamed ? 3 : 0) - (isLacking ? 4 : 0);
}

/** Which of a signature's headers are not there; of two spellings of their names, those of the one that the sender uses. */
export function missingHeaders(expected: readonly string[], headers: HeaderPairs): readonly string[] {
  const missing = expected.filter((name) => !hasHeader(headers, name));
  const spelled = expected.filter((name) => hasHeader(headers, name)).map(firstWord);
  return spelled.length === 0 ? missing : missing.filter((name) => spelled.includes(firstWord(name)));
}

function firstWord(name: string): string {
  return name.toLowerCase().split('-', 1)[0] ?? '';
}

/** Whether a header is there, in any case. */
export function hasHeader(headers: HeaderPairs, wanted: string): boolean {
  const lowerCase = wanted.toLowerCase();
  return headers.some(([name]) => name.toLowerCase() === lowerCase);
}
