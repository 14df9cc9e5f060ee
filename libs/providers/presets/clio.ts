import { hmac } from '#signatures';
import { hookSecretHandshake } from './asana.js';
import type { ProviderPreset } from '../preset.js';

/** Clio hands its secret over in the handshake of REST Hooks. A webhook expires and has to be renewed. */
export const clio: ProviderPreset = {
  id: 'clio',
  name: 'Clio Manage',
  docsUrl: 'https://docs.developers.clio.com/guides/clio-manage/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'X-Hook-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the shared secret of the webhook, as the API returns it', source: 'imported' },
  handshake: hookSecretHandshake,
  setup: [
    'Create the webhook by POST /api/v4/webhooks.json with url {ingest_url}; its handshake is answered at once.',
    'Import the shared_secret of the webhook as a callback secret of the source.',
  ],
};
