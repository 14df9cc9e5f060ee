import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * HMAC of the raw body, form bodies (payload=…) too. A redelivery keeps its delivery id. The older SHA-1 header is
 * not looked at.
 */
export const github: ProviderPreset = {
  id: 'github',
  name: 'GitHub',
  docsUrl: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Hub-Signature-256',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'any text, used as it stands', source: 'either' },
  eventId: header('X-GitHub-Delivery'),
  eventType: header('X-GitHub-Event'),
  uncovered: 'The headers, so also the id and the type of the event.',
  setup: [
    'In GitHub: Settings → Webhooks → Add webhook, payload URL {ingest_url}, content type application/json.',
    'Make a callback secret and paste it as the secret there, or import the one you have.',
  ],
};
