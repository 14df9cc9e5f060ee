// Writes libs/providers/samples.generated.ts: for every preset without samples of its own, the realistic callback of its
// first vector, unsigned. Run it after adding a provider: `npm run docs`.
import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build-if-stale.mjs';

const SHORTEST_ID = 6;
const NEAR_MS = 10 * 60_000;
const folder = join(root, 'libs/providers/presets');

export async function generateSamples() {
  const { listPresets } = await import('../dist/libs/providers/index.js');
  const entries = listPresets()
    .filter((preset) => preset.sample === undefined && preset.scheme.sign !== undefined)
    .flatMap((preset) => {
      const sample = sampleOf(preset);
      return sample === null ? [] : [`  ${JSON.stringify(preset.id)}: ${JSON.stringify(sample)},`];
    });
  return [
    '// Made by scripts/generate-samples.mjs from the vectors of the presets; do not edit.',
    "import type { Sample } from './preset.js';",
    '',
    '/** A realistic callback of each provider whose preset has no samples of its own. */',
    'export const generatedSamples: Readonly<Record<string, Sample>> = {',
    ...entries,
    '};',
    '',
  ].join('\n');
}

function sampleOf({ id, scheme }) {
  const vector = vectorsOf(id).find(
    (one) => !('handshake' in one) && isUtf8(Buffer.from(one.body_base64, 'base64')),
  );
  if (vector === undefined) return null;
  const made = new Set(
    [...scheme.signatureHeaders, 'Content-Length', 'Host'].map((name) => name.toLowerCase()),
  );
  return {
    type: vector.event_type,
    headers: vector.headers
      .filter(([name]) => !made.has(name.toLowerCase()))
      .map(([name, value]) => [name, value === vector.event_id ? '{unique}' : value]),
    body: withTimes(
      withUniqueId(Buffer.from(vector.body_base64, 'base64').toString('utf8'), vector.event_id),
      Date.parse(vector.received_at),
    ),
  };
}

/** Samples must not all be the same event; an id that stands there as a JSON string can be another one. */
function withUniqueId(body, eventId) {
  return eventId === null || eventId.length < SHORTEST_ID
    ? body
    : body.replaceAll(`"${eventId}"`, '"{unique}"');
}

/** Times of a few minutes around the vector's own become the time at which the sample is made. */
function withTimes(body, receivedAtMs) {
  const isNear = (timeMs) => Math.abs(timeMs - receivedAtMs) < NEAR_MS;
  return body.replace(/\b(?:\d{13}|\d{10})\b/g, (digits) => {
    if (digits.length === 13) return isNear(Number(digits)) ? '{now_ms}' : digits;
    return isNear(Number(digits) * 1_000) ? '{now_s}' : digits;
  });
}

function vectorsOf(id) {
  const file = `${id}.vectors.json`;
  return readdirSync(folder).includes(file) ? JSON.parse(readFileSync(join(folder, file), 'utf8')) : [];
}

if (process.argv[1]?.endsWith('generate-samples.mjs')) {
  writeFileSync(join(root, 'libs/providers/samples.generated.ts'), await generateSamples());
}
