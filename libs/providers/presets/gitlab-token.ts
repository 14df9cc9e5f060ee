import { sharedToken } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The older way: the secret itself stands in a header. Where GitLab offers a signing token, take the provider
 * gitlab.
 */
export const gitlabToken: ProviderPreset = {
  id: 'gitlab-token',
  name: 'GitLab (secret token)',
  docsUrl: 'https://docs.gitlab.com/user/project/integrations/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ header: 'X-Gitlab-Token' }),
  secret: { format: 'any text without white space, used as it stands', source: 'either' },
  eventId: header('Idempotency-Key'),
  eventType: header('X-Gitlab-Event'),
  uncovered: 'Nothing is signed: the token does not cover the body or any header.',
  tokenHeaders: ['x-gitlab-token'],
  setup: [
    'In GitLab: Settings → Webhooks → Add new webhook, URL {ingest_url}.',
    'Make a callback secret and paste it as the secret token there.',
  ],
};
