import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** While its secret is rotated Hookdeck signs with both, each in a header of its own. */
export const hookdeck: ProviderPreset = {
  id: 'hookdeck',
  name: 'Hookdeck Event Gateway',
  docsUrl: 'https://hookdeck.com/docs/authentication',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: ['x-hookdeck-signature', 'x-hookdeck-signature-2'],
    algorithm: 'sha256',
    encoding: 'base64',
  }),
  secret: { format: 'the signing secret of the project, used as it stands', source: 'imported' },
  eventId: header('x-hookdeck-eventid'),
  uncovered: 'The headers, so also the id of the event.',
  setup: [
    'In Hookdeck: Connections → Destination, HTTP, URL {ingest_url}, authentication Hookdeck signature.',
    'Import the signing secret (Settings → Project → Secrets) as a callback secret.',
  ],
};
