import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const endpointVerification = header('X-GCS-Webhooks-Endpoint-Verification');
// Visible ASCII without markup.
const TOKEN = /^[\w.~+/=:-]+$/;

/** Worldline Connect (Global Collect): a header names the key, and a new endpoint is asked to repeat another header. */
export const worldline: ProviderPreset = {
  id: 'worldline',
  name: 'Worldline Connect (Global Collect)',
  docsUrl: 'https://github.com/Worldline-Global-Collect/connect-sdk-nodejs',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-GCS-Signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the secret key that belongs to the key id, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  uncovered: 'The age: whoever saw a callback can send it again.',
  handshake: {
    description: 'GET with X-GCS-Webhooks-Endpoint-Verification is answered with the value of that header.',
    methods: ['GET'],
    isSigned: false,
    answer: (request) => {
      const text = request.method === 'GET' ? endpointVerification(request) : null;
      if (text === null || !TOKEN.test(text)) return null;
      return { status: 200, headers: [['Content-Type', 'text/plain']], body: text };
    },
  },
  setup: [
    'In the Worldline configuration center: Webhooks → make a key and import its secret as a callback secret',
    'Add the endpoint {ingest_url}',
  ],
};
