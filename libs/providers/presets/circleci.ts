import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** The header may list signatures of other versions, which are passed over. */
export const circleci: ProviderPreset = {
  id: 'circleci',
  name: 'CircleCI',
  docsUrl: 'https://circleci.com/docs/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'circleci-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: ',', prefix: 'v1=' },
  }),
  secret: { format: 'the secret token, any text, used as it stands', source: 'either' },
  eventId: json('/id'),
  eventType: json('/type'),
  setup: [
    'In CircleCI: Project settings → Webhooks → Add webhook, receiver URL {ingest_url}.',
    'Enter the callback secret of the source as the secret token.',
  ],
};
