import { isUtf8 } from 'node:buffer';
import { hmac, readHeader, refused, type SignedPieces } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

// The header of a fresh signature would have to name the environment too: what came is passed on as it came.
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is only left out, never called
const { sign: _sign, ...scheme } = hmac({
  header: 'gcms-signature',
  algorithm: 'sha256',
  encoding: 'base64',
  grammar: { kind: 'fields', separator: ',', signature: 'sign', timestamp: 't' },
  content: bodyInJson,
  timestamp: { unit: 'milliseconds', toleranceSeconds: 300 },
});

/** What is signed is a JSON text that holds body, environment and time. No tolerance is documented. */
export const hygraph: ProviderPreset = {
  id: 'hygraph',
  name: 'Hygraph',
  docsUrl: 'https://github.com/hygraph/graphcms-utils',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme,
  secret: { format: 'the secret key of the webhook, used as it stands', source: 'either' },
  eventType: json('/operation'),
  setup: [
    'In Hygraph: Project settings → Webhooks → Add webhook, URL {ingest_url}.',
    'Set a secret key there and import the same as a callback secret.',
  ],
};

function bodyInJson(
  ...[{ headers, body }, { timestamp }]: Parameters<SignedPieces>
): ReturnType<SignedPieces> {
  const signature = readHeader(headers, 'gcms-signature');
  if (!signature.ok) return signature;
  const environment = /^sign=[^,]+, ?env=([^,]+), ?t=\d+$/.exec(signature.value)?.[1];
  if (environment === undefined) return refused('signature_malformed');
  // Bytes that are no UTF-8 would all become the same character.
  if (!isUtf8(body)) return refused('signature_mismatch');
  const text = { Body: body.toString(), EnvironmentName: environment, TimeStamp: Number(timestamp) };
  return [JSON.stringify(text)];
}
