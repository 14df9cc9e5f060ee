import { digestWithSecret } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * HubSpot's first signature: a plain SHA-256 of the client secret and the body. One request carries up to 100 events, so
 * neither id nor type of a single one stands for it.
 */
export const hubspotV1: ProviderPreset = {
  id: 'hubspot-v1',
  name: 'HubSpot (v1)',
  docsUrl: 'https://developers.hubspot.com/docs/api/webhooks/validating-requests',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: digestWithSecret({
    header: 'X-HubSpot-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${secret}${body}',
  }),
  secret: { format: 'the client secret of the app, used as it stands', source: 'imported' },
  uncovered: 'The URL, the method and the time.',
  setup: [
    'In HubSpot: your app → Webhooks, target URL {ingest_url}. Where HubSpot also sends v3, choose the provider hubspot.',
    'Import the client secret (Auth) as a callback secret.',
  ],
};
