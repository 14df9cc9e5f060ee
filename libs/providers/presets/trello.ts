import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Trello signs the body and then the URL it was told, character by character; a webhook is made only if HEAD is answered. */
export const trello: ProviderPreset = {
  id: 'trello',
  name: 'Trello',
  docsUrl: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Trello-Webhook',
    algorithm: 'sha1',
    encoding: 'base64',
    content: '${body}${url}',
  }),
  secret: { format: 'the OAuth secret of the app (not a token), used as it stands', source: 'imported' },
  eventId: json('/action/id'),
  eventType: json('/action/type'),
  uncovered: 'The age: whoever saw a callback can send it again.',
  handshake: {
    description: 'HEAD is answered with 200.',
    methods: ['HEAD'],
    isSigned: false,
    answer: ({ method }) => (method === 'HEAD' ? { status: 200, headers: [], body: '' } : null),
  },
  setup: [
    'Import the secret of your Power-Up (trello.com/power-ups/admin → API key → Secret) as a callback secret',
    'Create a webhook with POST https://api.trello.com/1/webhooks, callbackURL {ingest_url} exactly',
  ],
};
