import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Repositories and workspaces that have a secret; the request id stays on retries. Those without one are refused. */
export const bitbucket: ProviderPreset = {
  id: 'bitbucket',
  name: 'Bitbucket',
  docsUrl: 'https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Hub-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'any text, used as it stands', source: 'either' },
  eventId: header('X-Request-UUID'),
  eventType: header('X-Event-Key'),
  uncovered: 'The headers, so also the id and the type of the event.',
  setup: [
    'Make a callback secret, or import one.',
    'In Bitbucket: Repository settings → Webhooks → Add webhook, URL {ingest_url}, secret as made.',
  ],
};
