import { sharedToken } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Cisco Meraki repeats a secret of yours in the body. Its alertId is all zeros in many alerts, so it identifies none. */
export const meraki: ProviderPreset = {
  id: 'meraki',
  name: 'Cisco Meraki',
  docsUrl: 'https://developer.cisco.com/meraki/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ json: '/sharedSecret' }),
  secret: { format: 'any text, used as it stands', source: 'either' },
  eventType: json('/alertType'),
  uncovered: 'Nothing is signed: the sharedSecret does not cover the body, where it stands itself.',
  setup: [
    'Make a callback secret, or import one.',
    'In Meraki: Network-wide → Alerts → Webhooks → Add an HTTP server, URL {ingest_url}, that secret as shared secret, payload template Meraki.',
  ],
};
