import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const eventId = json('/id');
const eventType = json('/type');

/** Tebex signs the hex SHA-256 of the body, not the body. */
export const tebex: ProviderPreset = {
  id: 'tebex',
  name: 'Tebex',
  docsUrl: 'https://docs.tebex.io/developers/webhooks/overview',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex', content: '${bodySha256}' }),
  secret: { format: 'the webhook secret of the store, used as it stands', source: 'imported' },
  eventId,
  eventType,
  uncovered: 'The age: whoever saw a callback can send it again.',
  handshake: {
    description: 'A signed POST of type validation.webhook is answered with its id.',
    isSigned: true,
    answer: (request) => {
      const id = eventType(request) === 'validation.webhook' ? eventId(request) : null;
      if (id === null) return null;
      return { status: 200, headers: [['Content-Type', 'application/json']], body: JSON.stringify({ id }) };
    },
  },
  setup: [
    'Import the webhook secret (Tebex: Developers → Webhooks → Endpoints) as a callback secret',
    'In Tebex: Developers → Webhooks → Endpoints → Add Endpoint, URL {ingest_url}, then Validate',
  ],
};
