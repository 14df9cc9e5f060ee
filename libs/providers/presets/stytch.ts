import { joined, json } from '../locators.js';
import type { Locator, ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

const parts = joined('.', json('/source'), json('/object_type'), json('/action'));

/** `direct.organization.create`: the documentation writes the event types in lower case, the callbacks in capitals. */
const eventType: Locator = (callback) => parts(callback)?.toLowerCase() ?? null;

/** Stytch sends through Svix; its event type is spread over three fields. */
export const stytch: ProviderPreset = {
  ...svix,
  id: 'stytch',
  name: 'Stytch',
  docsUrl: 'https://stytch.com/docs/workspace-management/webhooks',
  eventType,
  aliasOf: 'svix',
  setup: [
    'In the Stytch dashboard: Webhooks → add an endpoint with the URL {ingest_url}, and choose the events',
    'Import its signing secret (whsec_…) as a callback secret',
  ],
};
