import { certificateSignature, certifiedHeaders } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Signed by a certificate of PayPal over transmission id, time, the id of your webhook and the CRC-32 of the body.
 * Retries come for three days with their first time. Simulator events do not verify.
 */
export const paypal: ProviderPreset = {
  id: 'paypal',
  name: 'PayPal',
  docsUrl: 'https://developer.paypal.com/api/rest/webhooks/rest/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: certificateSignature({
    name: 'paypal',
    signatureHeaders: [
      'paypal-transmission-sig',
      'paypal-transmission-id',
      'paypal-transmission-time',
      'paypal-cert-url',
      'paypal-auth-algo',
    ],
    read: certifiedHeaders({
      signature: 'paypal-transmission-sig',
      certificateUrl: 'paypal-cert-url',
      algorithm: { header: 'paypal-auth-algo', hashes: new Map([['SHA256withRSA', 'sha256']]) },
      timestamp: { header: 'paypal-transmission-time', unit: 'rfc3339' },
      content: '${header:paypal-transmission-id}|${timestamp}|${identifier}|${bodyCrc32}',
    }),
    certificateUrl: {
      host: /^api(?:\.sandbox)?\.paypal\.com$/,
      path: /^\/v1\/notifications\/certs\/CERT-[0-9A-Za-z-]+$/,
    },
    toleranceSeconds: null,
    identifierProblem: (identifier) =>
      /^[0-9A-Z-]{8,64}$/.test(identifier) ? null : 'this is not the id of a PayPal webhook',
  }),
  secret: { format: 'the webhook id, 17 letters and digits; no secret', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/event_type'),
  uncovered: 'Of the body only its CRC-32 is signed, for which another body can be made.',
  setup: [
    'In the PayPal Developer Dashboard: Apps & Credentials → your app → Add webhook, URL {ingest_url}.',
    'Import the webhook id shown there as a callback secret.',
  ],
};
