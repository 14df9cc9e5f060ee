import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The time is written without a zone and means UTC. The header may have several v1 signatures, parted by blanks.
 */
export const orb: ProviderPreset = {
  id: 'orb',
  name: 'Orb',
  docsUrl: 'https://docs.withorb.com/integrations-and-exports/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Orb-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: ' ', prefix: 'v1=' },
    content: 'v1:${timestamp}:${body}',
    timestamp: { header: 'X-Orb-Timestamp', unit: 'rfc3339', toleranceSeconds: 300 },
  }),
  secret: { format: 'the signing secret of the endpoint, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  setup: [
    'In Orb: Developers → Webhooks → Add endpoint, URL {ingest_url}.',
    'Import its signing secret as a callback secret.',
  ],
};
