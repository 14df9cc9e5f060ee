import { publicKey } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Notifications of version 2, signed with a key that Circle keeps; which one, X-Circle-Key-Id says. Those of
 * version 1 (Circle Mint) are signed in another way.
 */
export const circle: ProviderPreset = {
  id: 'circle',
  name: 'Circle',
  docsUrl: 'https://developers.circle.com/api-reference/verify-webhook-signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: publicKey({
    header: 'X-Circle-Signature',
    algorithm: { kind: 'ecdsa', hash: 'sha256', curve: 'P-256', signature: 'der' },
    encoding: 'base64',
    key: { format: 'spki-base64' },
  }),
  secret: { format: 'the public key (base64) of GET /v2/notifications/publicKey/{id}', source: 'imported' },
  eventId: json('/notificationId'),
  eventType: json('/notificationType'),
  handshake: {
    description: 'A HEAD request is answered with 200.',
    methods: ['HEAD'],
    isSigned: false,
    answer: ({ method }) => (method === 'HEAD' ? { status: 200, headers: [], body: '' } : null),
  },
  setup: [
    'In the Circle Console: Webhooks → Add a webhook, URL {ingest_url}.',
    'Ask GET /v2/notifications/publicKey/{id} with the X-Circle-Key-Id of a notification.',
    'Import the publicKey of the answer as a callback secret of the source.',
  ],
};
