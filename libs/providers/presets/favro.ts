import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Only the id of the payload and the URL are signed, not the rest of the body. */
export const favro: ProviderPreset = {
  id: 'favro',
  name: 'Favro',
  docsUrl: 'https://favro.com/developer/#webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Favro-Webhook',
    algorithm: 'sha1',
    encoding: 'base64',
    content: '${json:/payloadId}${url}',
  }),
  secret: { format: 'the secret of the webhook, used as it stands', source: 'either' },
  eventId: json('/payloadId'),
  eventType: json('/action'),
  uncovered: 'The body except for its payloadId; nor the time.',
  sample: {
    type: 'updated',
    headers: [['content-type', 'application/json']],
    body: '{"payloadId":"{unique}","hookId":"example","action":"updated","card":{"cardId":"example"}}',
  },
  setup: [
    'Create the webhook with postToUrl {ingest_url} and a secret of your own.',
    'Import the same secret as a callback secret.',
  ],
};
