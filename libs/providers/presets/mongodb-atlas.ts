import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** SHA-1 in base64. An alert is sent again whenever it changes, so its id is none of the event. */
export const mongodbAtlas: ProviderPreset = {
  id: 'mongodb-atlas',
  name: 'MongoDB Atlas alerts',
  docsUrl: 'https://www.mongodb.com/docs/atlas/tutorial/webhook-integration/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-MMS-Signature', algorithm: 'sha1', encoding: 'base64' }),
  secret: { format: 'any text, used as it stands', source: 'either' },
  eventType: header('X-MMS-Event'),
  uncovered: 'The headers, so also the type of the event.',
  setup: [
    'In Atlas: Project Integrations → Webhook settings, URL {ingest_url}.',
    'Make a callback secret and paste it as the secret there; without one nothing is signed.',
  ],
};
