import { detachedJws } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const KEYS = /^https:\/\/[a-z0-9.-]+(?::\d{1,5})?\/(?:[\w.~/-]{1,200}\/)?\.well-known\/jwks\.json$/i;

/** A detached JWS over the raw body, with the keys of the Saleor instance itself. */
export const saleor: ProviderPreset = {
  id: 'saleor',
  name: 'Saleor',
  docsUrl: 'https://github.com/saleor/app-sdk',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: detachedJws({
    header: 'Saleor-Signature',
    algorithms: ['RS256'],
    isPayloadRaw: true,
    subscription: (keysUrl) => (KEYS.test(keysUrl) ? { keysUrl } : null),
  }),
  secret: { format: 'where the keys are: https://<your Saleor>/.well-known/jwks.json', source: 'imported' },
  eventType: header('Saleor-Event'),
  uncovered: 'The headers, Saleor-Event among them, the URL and the time.',
  setup: [
    'Import https://<your Saleor>/.well-known/jwks.json as a callback secret.',
    'Create the webhook of the app with targetUrl {ingest_url} and without a secretKey.',
  ],
};
