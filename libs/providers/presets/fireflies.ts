import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Webhooks V2. Those of V1 write the signature without sha256= in front. */
export const fireflies: ProviderPreset = {
  id: 'fireflies',
  name: 'Fireflies.ai',
  docsUrl: 'https://docs.fireflies.ai/graphql-api/webhooks-v2',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Hub-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the secret of the webhook, used as it stands', source: 'either' },
  eventType: json('/event'),
  setup: [
    'In Fireflies: Settings → Developer settings → Webhooks V2, URL {ingest_url}.',
    'Enter the callback secret of the source as the secret, or import the one that Fireflies made.',
  ],
};
