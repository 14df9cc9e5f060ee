import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Outpost's default mode: prefix, then one digest for each live secret. Only the first is tried, so the new secret must
 * be imported when it is rotated. In the mode "standard" it is the provider standard-webhooks.
 */
export const hookdeckOutpost: ProviderPreset = {
  id: 'hookdeck-outpost',
  name: 'Hookdeck Outpost (default mode)',
  docsUrl: 'https://hookdeck.com/docs/outpost/destinations/webhook',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'x-outpost-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: ',', prefix: 'v0=' },
  }),
  secret: { format: 'the secret of the destination, used as it stands', source: 'imported' },
  eventId: header('x-outpost-event-id'),
  eventType: header('x-outpost-topic'),
  uncovered: 'The headers (id, topic and time) and the URL.',
  setup: [
    'Create a destination of the type webhook with the URL {ingest_url}.',
    'Import its secret as a callback secret; after a rotation, import the new one at once.',
  ],
};
