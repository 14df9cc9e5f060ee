import { hmacInBody, jsonPointer, refused, type SignedPieces } from '#signatures';
import { joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const ITEM = '/notificationItems/0/NotificationRequestItem';
const SIGNED = [
  '/pspReference',
  '/originalReference',
  '/merchantAccountCode',
  '/merchantReference',
  '/amount/value',
  '/amount/currency',
  '/eventCode',
  '/success',
] as const;

/** Every item has its own signature over eight of its values; as JSON there is always exactly one item. */
export const adyen: ProviderPreset = {
  id: 'adyen',
  name: 'Adyen (standard webhooks)',
  docsUrl: 'https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmacInBody({
    algorithm: 'sha256',
    encoding: 'base64',
    secret: { decode: 'hex' },
    signature: `${ITEM}/additionalData/hmacSignature`,
    content: valuesOfTheItem,
  }),
  secret: { format: 'the HMAC key, 64 hex digits, decoded before use', source: 'imported' },
  // An authorisation that failed may be followed by one that succeeds, under the same reference.
  eventId: joined(':', json(`${ITEM}/pspReference`), json(`${ITEM}/eventCode`), json(`${ITEM}/success`)),
  eventType: json(`${ITEM}/eventCode`),
  uncovered:
    'The body except for references, merchant account, amount, eventCode and success; neither additionalData nor the time.',
  reply: { status: 200, contentType: 'text/plain', body: '[accepted]' },
  setup: [
    'In Adyen: Developers → Webhooks → Create new webhook → Standard webhook, method JSON, URL {ingest_url}.',
    'Generate the HMAC key there and import it as a callback secret.',
  ],
};

function valuesOfTheItem(...[, { fields }]: Parameters<SignedPieces>): ReturnType<SignedPieces> {
  const document = fields?.json();
  // A second item would be passed on without anybody having looked at its signature.
  if (jsonPointer('/notificationItems/1')?.(document) !== undefined) return refused('signature_malformed');
  const values = SIGNED.map((pointer) => textOf(jsonPointer(ITEM + pointer)?.(document)));
  return values.includes(null) ? refused('signature_malformed') : [values.join(':')];
}

/** What is not there is signed as nothing. */
function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' ? value : null;
}
