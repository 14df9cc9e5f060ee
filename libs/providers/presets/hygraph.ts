import { isUtf8 } from 'node:buffer';
import {
  hmac,
  readHeader,
  refused,
  type SignedPieces,
  type SignedRequest,
  withFreshHeaders,
} from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const HEADER = 'gcms-signature';
/** What a project has that never made another one; for requests that did not come from Hygraph. */
const ENVIRONMENT = 'master';

const scheme = hmac({
  header: HEADER,
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
  scheme: withFreshHeaders(scheme, {
    covered: (request) => [[HEADER, headerOf(request, '-', '0')]],
    written: (value, request) => {
      const [, time = '', signature = ''] = /^t=(\d+),sign=(.+)$/.exec(value) ?? [];
      return headerOf(request, signature, time);
    },
  }),
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
  const signature = readHeader(headers, HEADER);
  if (!signature.ok) return signature;
  const environment = environmentIn(signature.value);
  if (environment === undefined) return refused('signature_malformed');
  // Bytes that are no UTF-8 would all become the same character.
  if (!isUtf8(body)) return refused('signature_mismatch');
  const text = { Body: body.toString(), EnvironmentName: environment, TimeStamp: Number(timestamp) };
  return [JSON.stringify(text)];
}

function environmentIn(signatureHeader: string): string | undefined {
  return /^sign=[^,]+, ?env=([^,]+), ?t=\d+$/.exec(signatureHeader)?.[1];
}

/** The environment stays the one that the callback came from. */
function headerOf({ headers }: SignedRequest, signature: string, time: string): string {
  const received = readHeader(headers, HEADER);
  const environment = (received.ok ? environmentIn(received.value) : undefined) ?? ENVIRONMENT;
  return `sign=${signature}, env=${environment}, t=${time}`;
}
