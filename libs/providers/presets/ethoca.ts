import { basic } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Ethoca signs nothing and sends a user and a password; the client certificate that it may ask for is none of
 * ours.
 */
export const ethoca: ProviderPreset = {
  id: 'ethoca',
  name: 'Ethoca Alerts',
  docsUrl: 'https://www.ethoca.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: basic(),
  secret: { format: 'user:password, as agreed with Ethoca', source: 'imported' },
  eventId: json('/alertId'),
  uncovered: 'The password does not cover the body, method, URL or time.',
  tokenHeaders: ['authorization'],
  setup: [
    'Have Ethoca push alerts to {ingest_url} with a user and a password.',
    'Import user:password as a callback secret of the source.',
  ],
};
