import { type Callback, listPresets, type ProviderPreset } from '#providers';
import type { HeaderPairs, SignedRequest } from '#signatures';

/** So many share a header before it says nothing of who sends it. */
const MOST_SHARING = 12;
const MOST_NAMED = 3;

const presetsByHeader = new Map<string, ProviderPreset[]>();
for (const preset of listPresets())
  for (const name of preset.scheme.signatureHeaders) {
    const lowerCase = name.toLowerCase();
    if (lowerCase === 'authorization') continue;
    presetsByHeader.set(lowerCase, [...(presetsByHeader.get(lowerCase) ?? []), preset]);
  }

/** A header that some provider signs with, and the likeliest of those who do. */
export interface ProviderGuess {
  readonly header: string;
  readonly presets: readonly ProviderPreset[];
}

/** Which other provider's callback this looks like, by its signature headers; `null` when like none. */
export function guessProvider(request: SignedRequest, own: ProviderPreset): ProviderGuess | null {
  const sets = request.headers.map(([name]) => ({
    name,
    known: presetsByHeader.get(name.toLowerCase()) ?? [],
  }));
  const candidates = [...new Set(sets.flatMap(({ known }) => known))].filter(({ id }) => id !== own.id);
  const [best] = sets.filter(({ known }) => known.some(({ id }) => id !== own.id));
  if (best === undefined || candidates.length === 0) return null;
  const ranked = candidates
    .map((preset) => ({ preset, score: scoreOf(preset, request) }))
    .sort((a, b) => b.score - a.score);
  const top = ranked.filter(({ score }) => score === ranked[0]?.score).map(({ preset }) => preset);
  return { header: best.name, presets: top.length > MOST_SHARING ? [] : top.slice(0, MOST_NAMED) };
}

/** Headers that are there count most, then ids and types where this provider puts them, then a name of the sender's. */
function scoreOf(preset: ProviderPreset, { headers, url, method, body }: SignedRequest): number {
  const found = preset.scheme.signatureHeaders.filter((name) => hasHeader(headers, name)).length;
  // The body is not parsed for a guess: what stands in headers is found all the same.
  const callback: Callback = { headers, url, method, body, json: undefined };
  const facts = [preset.eventId, preset.eventType].filter((locate) => (locate?.(callback) ?? null) !== null);
  const agent = headers.find(([name]) => name.toLowerCase() === 'user-agent')?.[1].toLowerCase() ?? '';
  const isNamed = agent.includes(preset.id.split('-', 1)[0] ?? preset.id);
  const isLacking = found < preset.scheme.signatureHeaders.length;
  return found * 8 + facts.length * 2 + (isNamed ? 3 : 0) - (isLacking ? 4 : 0);
}

/** Whether a header is there, in any case. */
export function hasHeader(headers: HeaderPairs, wanted: string): boolean {
  const lowerCase = wanted.toLowerCase();
  return headers.some(([name]) => name.toLowerCase() === lowerCase);
}
