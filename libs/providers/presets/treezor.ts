import { hmacInBody, phpMember } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Treezor signs object_payload as PHP's json_encode spells it, whatever its spelling in the body. */
export const treezor: ProviderPreset = {
  id: 'treezor',
  name: 'Treezor',
  docsUrl: 'https://docs.treezor.com/guide/webhooks/integrity-checks.html',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmacInBody({
    signature: '/object_payload_signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: ({ body }) => {
      const payload = phpMember(body, 'object_payload');
      return typeof payload === 'string' ? [payload] : payload;
    },
  }),
  secret: { format: 'the webhook_secret, used as it stands', source: 'imported' },
  eventId: json('/webhook_id'),
  eventType: json('/webhook'),
  uncovered:
    'The body outside object_payload, so also the id and the type of the event, and the age: whoever saw a callback can send it again.',
  setup: [
    'Ask your account manager at Treezor for the webhook_secret and import it as a callback secret.',
    'Call POST https://webhook.treezor.co/settings/hooks with the URL {ingest_url}, and add the events.',
  ],
};
