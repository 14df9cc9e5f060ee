import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** SHA-1, with the client secret of the app as the key. */
export const intercom: ProviderPreset = {
  id: 'intercom',
  name: 'Intercom',
  docsUrl: 'https://developers.intercom.com/intercom-api-reference/v1.0/reference/signed-notifications',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Hub-Signature',
    algorithm: 'sha1',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha1=' },
  }),
  secret: { format: 'the client secret of the app, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/topic'),
  handshake: {
    description: 'Intercom asks whether the URL is there by HEAD and is answered 200.',
    methods: ['HEAD'],
    isSigned: false,
    answer: ({ method }) => (method === 'HEAD' ? { status: 200, headers: [], body: '' } : null),
  },
  setup: [
    'In Intercom: Developer Hub → your app → Webhooks, endpoint URL {ingest_url}, and the topics you want.',
    'Import the client secret (Basic information) as a callback secret.',
  ],
};
