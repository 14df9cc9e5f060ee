import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Solidgate: base64 of the hex text, over the body between two copies of the public key, which the header merchant repeats. */
export const solidgate: ProviderPreset = {
  id: 'solidgate',
  name: 'Solidgate',
  docsUrl: 'https://docs.solidgate.com/payments/integrate/access-to-api/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'signature',
    algorithm: 'sha512',
    encoding: 'base64-of-hex',
    content: '${header:merchant}${body}${header:merchant}',
  }),
  secret: { format: 'wh_sk_… the webhook secret key, used as it stands', source: 'imported' },
  eventType: header('solidgate-event-type'),
  uncovered: 'The time and the headers solidgate-event-id and solidgate-event-type.',
  setup: [
    'In Solidgate HUB: Developers → Channels → Webhooks → add the URL {ingest_url}',
    'Import the webhook secret key (wh_sk_…) as a callback secret',
  ],
};
