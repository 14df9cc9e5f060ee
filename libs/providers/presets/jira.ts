import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Webhooks that have a secret; the identifier stays on retries. Those of Connect apps carry a token instead and
 * are refused.
 */
export const jira: ProviderPreset = {
  id: 'jira',
  name: 'Jira Cloud',
  docsUrl: 'https://developer.atlassian.com/cloud/jira/platform/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Hub-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'any text, used as it stands', source: 'either' },
  eventId: header('X-Atlassian-Webhook-Identifier'),
  eventType: json('/webhookEvent'),
  uncovered: 'The headers, so also the id of the event.',
  setup: [
    'In Jira: System → WebHooks → Create a WebHook, URL {ingest_url}.',
    'Make a callback secret and paste it as the secret there, or import the generated one.',
  ],
};
