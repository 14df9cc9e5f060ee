import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Signed are the id in the query, in lower case, the request id and the time; never the body. QR and IPN
 * notifications are not signed and are refused.
 */
export const mercadoPago: ProviderPreset = {
  id: 'mercado-pago',
  name: 'Mercado Pago',
  docsUrl: 'https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'x-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 'ts' },
    content: '${url}request-id:${header:x-request-id};ts:${timestamp};',
    signedUrl: signedId,
    timestamp: { unit: 'seconds-or-milliseconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the secret signature of the application, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  uncovered:
    'The body, the id of the notification in it too: only data.id of the query, x-request-id and the time are signed.',
  setup: [
    'In Mercado Pago: Your integrations → your application → Webhooks → Configure notifications, URL {ingest_url}.',
    'Import the secret signature shown there as a callback secret.',
  ],
};

/** A part that is absent is left out of what is signed. */
function signedId(told: string): string {
  const id = URL.canParse(told) ? (new URL(told).searchParams.get('data.id') ?? '') : '';
  return id === '' ? '' : `id:${id.toLowerCase()};`;
}
