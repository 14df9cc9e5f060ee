import { createHmac, KeyObject } from 'node:crypto';
import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const eventType = json('/event');
const plainTokenOf = json('/payload/plainToken');

/** Zoom: a URL must prove every 72 hours that it knows the secret token. No tolerance is documented; 300 seconds is usual. */
export const zoom: ProviderPreset = {
  id: 'zoom',
  name: 'Zoom',
  docsUrl: 'https://developers.zoom.us/docs/api/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'x-zm-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'v0=' },
    content: 'v0:${timestamp}:${body}',
    timestamp: { header: 'x-zm-request-timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the secret token of the app, used as it stands', source: 'imported' },
  eventType,
  handshake: {
    description: 'A signed POST of endpoint.url_validation is answered with its token and the HMAC of it.',
    isSigned: true,
    answer: (request, { keys }) => {
      const plainToken = eventType(request) === 'endpoint.url_validation' ? plainTokenOf(request) : null;
      const key = keys[0]?.material;
      if (plainToken === null || !(key instanceof KeyObject)) return null;
      const encryptedToken = createHmac('sha256', key).update(plainToken).digest('hex');
      return {
        status: 200,
        headers: [['Content-Type', 'application/json']],
        body: JSON.stringify({ plainToken, encryptedToken }),
      };
    },
  },
  setup: [
    'Import the secret token of the app (Zoom App Marketplace → your app → Access) as a callback secret',
    'Under Access → Event subscriptions: set the endpoint URL {ingest_url} and validate it',
  ],
};
