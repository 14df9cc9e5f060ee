import { standardWebhooks } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The signing token of GitLab is Standard Webhooks, and its webhook-id is the Idempotency-Key that retries keep.
 * X-Gitlab-Event-UUID is not the id: webhooks that set off each other share it.
 */
export const gitlab: ProviderPreset = {
  id: 'gitlab',
  name: 'GitLab (signing token)',
  docsUrl: 'https://docs.gitlab.com/user/project/integrations/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks(),
  secret: { format: 'whsec_… as shown; the base64 after the prefix is decoded', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: header('X-Gitlab-Event'),
  setup: [
    'In GitLab: Settings → Webhooks → Add new webhook, URL {ingest_url}.',
    'Set a signing token and import it (whsec_…) as a callback secret.',
  ],
};
