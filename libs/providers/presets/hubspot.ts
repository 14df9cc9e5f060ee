import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

// The only escapes that HubSpot decodes before it signs: : / ? @ ! $ ' ( ) * , ;
const DECODED = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;

/**
 * Method, URL, body and time in milliseconds are signed; of the URL some escapes are decoded first. One request
 * carries up to 100 events, so neither id nor type of a single one stands for it.
 */
export const hubspot: ProviderPreset = {
  id: 'hubspot',
  name: 'HubSpot (v3)',
  docsUrl: 'https://developers.hubspot.com/docs/api/webhooks/validating-requests',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-HubSpot-Signature-v3',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${method}${url}${body}${timestamp}',
    signedUrl: (told) => told.replaceAll(DECODED, decodeURIComponent),
    timestamp: { header: 'X-HubSpot-Request-Timestamp', unit: 'milliseconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the client secret of the app, used as it stands', source: 'imported' },
  setup: [
    'In HubSpot: your app → Webhooks, target URL {ingest_url}, and the subscriptions you want.',
    'Import the client secret (Auth) as a callback secret.',
  ],
};
