import { unsigned } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Mollie's classic webhooks carry the id of an object and no signature: the app is to fetch the object. */
export const mollieClassic: ProviderPreset = {
  id: 'mollie-classic',
  name: 'Mollie (classic webhooks)',
  docsUrl: 'https://docs.mollie.com/reference/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: unsigned(),
  secret: { format: 'none', source: 'none' },
  urlToken: true,
  uncovered:
    'Nothing is signed: not the body, the URL, the time or the sender. Only the URL protects this source.',
  setup: [
    'Give {ingest_url} as webhookUrl when a payment is created; let the app fetch the object by its id.',
  ],
};
