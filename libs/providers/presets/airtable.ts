import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * Airtable only says that something changed: what did is fetched from its API by cursor. The key is the decoded
 * base64.
 */
export const airtable: ProviderPreset = {
  id: 'airtable',
  name: 'Airtable',
  docsUrl: 'https://airtable.com/developers/web/api/webhooks-overview',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Airtable-Content-MAC',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'hmac-sha256=' },
    secret: { decode: 'base64' },
  }),
  secret: { format: 'macSecretBase64, as the create call returns it once', source: 'imported' },
  setup: [
    'Create the webhook by POST /v0/bases/{baseId}/webhooks with notificationUrl {ingest_url}; it expires after 7 days unless it is refreshed.',
    'Import the macSecretBase64 of the answer as a callback secret of the source.',
  ],
};
