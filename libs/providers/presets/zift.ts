import { unsigned } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Zift signs nothing; its notifications have an id of their own. */
export const zift: ProviderPreset = {
  id: 'zift',
  name: 'Zift',
  docsUrl: 'https://developer.ziftpay.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: unsigned(),
  secret: { format: 'none', source: 'none' },
  urlToken: true,
  eventId: json('/notificationId'),
  uncovered:
    'Nothing is signed: not the body, the URL, the time or the sender. Only the URL protects this source.',
  setup: ['At Zift: register {ingest_url} for notifications.'],
};
