import { digestWithSecret } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** HubSpot's signature for workflows and CRM cards: a plain SHA-256 of the client secret, method, URL and body. */
export const hubspotV2: ProviderPreset = {
  id: 'hubspot-v2',
  name: 'HubSpot (v2)',
  docsUrl: 'https://developers.hubspot.com/docs/api/webhooks/validating-requests',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: digestWithSecret({
    header: 'X-HubSpot-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${secret}${method}${url}${body}',
  }),
  secret: { format: 'the client secret of the app, used as it stands', source: 'imported' },
  uncovered: 'The time.',
  setup: [
    'In HubSpot: the webhook action of the workflow, method POST, URL {ingest_url}. Where HubSpot also sends v3, choose the provider hubspot.',
    'Import the client secret (Auth) of the app as a callback secret.',
  ],
};
