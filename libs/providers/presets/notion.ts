import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The key is the verification token that Notion posts, unsigned, when the subscription is made. It is refused
 * then, and can be read among the rejections.
 */
export const notion: ProviderPreset = {
  id: 'notion',
  name: 'Notion',
  docsUrl: 'https://developers.notion.com/reference/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Notion-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: {
    format: 'secret_… the verification token that Notion posts, used as it stands',
    source: 'imported',
  },
  eventId: json('/id'),
  eventType: json('/type'),
  setup: [
    'In Notion: Integrations → your integration → Webhooks → Create a subscription, URL {ingest_url}.',
    'Read the verification_token in the newest rejection of the source.',
    'Paste it in Notion (Verify) and import it as a callback secret.',
  ],
};
