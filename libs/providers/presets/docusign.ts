import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const SIGNATURE_HEADERS = [
  'X-DocuSign-Signature-1',
  'X-DocuSign-Signature-2',
  'X-DocuSign-Signature-3',
  'X-DocuSign-Signature-4',
  'X-DocuSign-Signature-5',
  'X-DocuSign-Signature-6',
  'X-DocuSign-Signature-7',
  'X-DocuSign-Signature-8',
] as const;

/** One numbered header for each live key; eight are looked at. With JSON, an event has no id of its own. */
export const docusign: ProviderPreset = {
  id: 'docusign',
  name: 'Docusign Connect',
  docsUrl: 'https://developers.docusign.com/platform/webhooks/connect/validate',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: SIGNATURE_HEADERS, algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'an HMAC key of Connect, used as it stands', source: 'imported' },
  eventType: json('/event'),
  setup: [
    'In Docusign: Settings → Connect → Connect keys → Add secret key.',
    'Add a custom configuration with URL {ingest_url}, format JSON and HMAC signature on.',
    'Import the key as a callback secret of the source.',
  ],
};
