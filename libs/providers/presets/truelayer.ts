import { detachedJws, readHeader, refused, type SignedPieces } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const KEYS = /^https:\/\/webhooks\.truelayer(?:-sandbox)?\.com\/\.well-known\/jwks$/;
const TIME_HEADER = 'x-tl-webhook-timestamp';

/** A detached JWS over method, path, the headers that it lists and the body, with keys that TrueLayer publishes. */
export const truelayer: ProviderPreset = {
  id: 'truelayer',
  name: 'TrueLayer',
  docsUrl: 'https://github.com/TrueLayer/truelayer-signing',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: detachedJws({
    header: 'Tl-Signature',
    algorithms: ['ES512'],
    content: ({ tl_headers: listed }) => requestWith(typeof listed === 'string' ? listed : ''),
    timestamp: { header: 'X-TL-Webhook-Timestamp', unit: 'rfc3339', toleranceSeconds: 300 },
    subscription: (keysUrl) => (KEYS.test(keysUrl) ? { keysUrl } : null),
  }),
  secret: {
    format:
      'where the keys are: https://webhooks.truelayer.com/.well-known/jwks, or of truelayer-sandbox.com',
    source: 'imported',
  },
  eventId: json('/event_id'),
  eventType: json('/type'),
  uncovered:
    'For whom it is: TrueLayer signs for every client of its own, and only the path of the URL says that it is yours.',
  setup: [
    'Import https://webhooks.truelayer.com/.well-known/jwks (or that of the sandbox) as a callback secret.',
    'In the TrueLayer Console: Webhooks, URI {ingest_url}.',
  ],
};

function requestWith(listed: string): SignedPieces {
  const names = listed.split(',');
  return (request) => {
    // Without it in the list anybody could renew the time of an old callback.
    if (!names.some((name) => name.toLowerCase() === TIME_HEADER) || !URL.canParse(request.url))
      return refused('signature_malformed');
    const lines = [`${request.method} ${new URL(request.url).pathname}\n`];
    for (const name of names) {
      const reading = readHeader(request.headers, name.toLowerCase());
      if (!reading.ok) return reading;
      lines.push(`${name}: ${reading.value}\n`);
    }
    return [lines.join(''), request.body];
  };
}
