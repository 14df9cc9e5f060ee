import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** While two secrets are live the header holds a row for each, parted by a blank. No tolerance is documented. */
export const persona: ProviderPreset = {
  id: 'persona',
  name: 'Persona',
  docsUrl: 'https://docs.withpersona.com/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'Persona-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't', groupSeparator: ' ' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'wbhsec_…, used as it stands', source: 'imported' },
  eventId: json('/data/id'),
  eventType: json('/data/attributes/name'),
  setup: [
    'In Persona: Webhooks → Create webhook, URL {ingest_url}, and the events you want.',
    'Import the webhook secret wbhsec_… as a callback secret.',
  ],
};
