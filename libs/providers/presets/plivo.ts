import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * The V2 signature of messaging and Verify: the URL without its query, and a nonce. The V3 signature of voice is
 * not looked at. Sub-accounts sign with their own token and, in the header with Ma, with the one of the main
 * account.
 */
export const plivo: ProviderPreset = {
  id: 'plivo',
  name: 'Plivo (V2)',
  docsUrl: 'https://docs.plivo.com/docs/messaging/concepts/signature-validation',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: ['X-Plivo-Signature-V2', 'X-Plivo-Signature-Ma-V2'],
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${url}${header:X-Plivo-Signature-V2-Nonce}',
    signedUrl: (told) => told.replace(/[?#].*$/s, ''),
  }),
  secret: { format: 'the auth token of the account, used as it stands', source: 'imported' },
  uncovered:
    'The body, the query of the URL and the time: only the URL without its query and a nonce are signed.',
  setup: [
    'In Plivo: Messaging → Applications → your application, message URL {ingest_url}, method POST.',
    'Import the auth token of the account as a callback secret.',
  ],
};
