import { hmacInBody } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** The signature of the body stands in the query. The body is a list of events, so none of them stands for it. */
export const pandaDoc: ProviderPreset = {
  id: 'panda-doc',
  name: 'PandaDoc',
  docsUrl: 'https://developers.pandadoc.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmacInBody({
    algorithm: 'sha256',
    encoding: 'hex',
    signature: { query: 'signature' },
    content: '${body}',
  }),
  secret: { format: 'the shared key of the webhook, used as it stands', source: 'imported' },
  uncovered: 'The URL and the time.',
  setup: [
    'In PandaDoc: Developer Dashboard → Webhooks → Create webhook, endpoint URL {ingest_url}.',
    'Import the shared key as a callback secret.',
  ],
};
