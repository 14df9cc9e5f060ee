import { hmacInBody } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The signature stands in the body and covers only a time and a token, not the event. Mailgun says to know a
 * callback again by its token and not to be strict about the time; it retries for eight hours.
 */
export const mailgun: ProviderPreset = {
  id: 'mailgun',
  name: 'Mailgun',
  docsUrl: 'https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmacInBody({
    algorithm: 'sha256',
    encoding: 'hex',
    signature: '/signature/signature',
    content: ['/signature/timestamp', '/signature/token'],
    timestamp: { jsonPointer: '/signature/timestamp', unit: 'seconds', toleranceSeconds: 12 * 3600 },
  }),
  secret: { format: 'the HTTP webhook signing key, used as it stands', source: 'imported' },
  eventId: json('/signature/token'),
  eventType: json('/event-data/event'),
  uncovered: 'The body: only the time and the token in it are signed, the event itself is not.',
  setup: [
    'In Mailgun: Sending → Webhooks → Add webhook, URL {ingest_url}.',
    'Import the HTTP webhook signing key as a callback secret.',
  ],
};
