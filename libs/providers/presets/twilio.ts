import { hmacOverUrl } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Twilio signs the URL it was told and the sorted form; other bodies by their hash in the query. The reply is empty TwiML. */
export const twilio: ProviderPreset = {
  id: 'twilio',
  name: 'Twilio',
  docsUrl: 'https://www.twilio.com/docs/usage/webhooks/webhooks-security',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmacOverUrl({
    header: 'X-Twilio-Signature',
    algorithm: 'sha1',
    encoding: 'base64',
    bodyHashParameter: 'bodySHA256',
    isDefaultPortOptional: true,
    areValuesDistinct: true,
  }),
  secret: { format: 'the auth token of the account, used as it stands', source: 'imported' },
  eventId: header('I-Twilio-Idempotency-Token'),
  uncovered: 'The time and the headers: whoever saw a callback can send it again, also under another id.',
  reply: { status: 200, contentType: 'text/xml', body: '<Response/>' },
  setup: [
    'In Twilio: set {ingest_url} as the webhook or status callback URL, method HTTP POST',
    'Import the auth token of the account (Account → API keys & tokens) as a callback secret',
  ],
};
