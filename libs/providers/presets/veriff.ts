import { hmac } from '#signatures';
import { firstOf, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Veriff: event callbacks name an action, decision callbacks a status; the id in them is that of the session, not of the event. */
export const veriff: ProviderPreset = {
  id: 'veriff',
  name: 'Veriff',
  docsUrl: 'https://devdocs.veriff.com/docs/hmac-authentication-and-endpoint-security',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'x-hmac-signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the shared secret key of the integration, used as it stands', source: 'imported' },
  eventType: firstOf(json('/action'), json('/verification/status')),
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In Veriff: your integration → Settings → webhook URLs, {ingest_url}',
    'Import its shared secret key as a callback secret',
  ],
};
