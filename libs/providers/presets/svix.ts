import { standardWebhooks, SVIX_HEADERS, WEBHOOK_HEADERS } from '#signatures';
import { firstOf, header, json } from '../locators.js';
import type { Locator, ProviderPreset } from '../preset.js';

const svixId = header(SVIX_HEADERS.id);
const webhookId = header(WEBHOOK_HEADERS.id);

/** The id of the spelling that was verified: one in the other spelling is not signed. */
const signedId: Locator = (callback) => {
  const isSvixSpelled = callback.headers.some(([name]) => name.toLowerCase() === SVIX_HEADERS.signature);
  return isSvixSpelled ? svixId(callback) : webhookId(callback);
};

/** Svix, for everybody who sends through it: Standard Webhooks in two spellings of the header names. */
export const svix: ProviderPreset = {
  id: 'svix',
  name: 'Svix (any sender)',
  docsUrl: 'https://docs.svix.com/receiving/verifying-payloads/how-manual',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks({ headers: [SVIX_HEADERS, WEBHOOK_HEADERS] }),
  secret: {
    format: 'whsec_… signing secret of the endpoint; what follows is base64 of the key',
    source: 'imported',
  },
  eventId: signedId,
  eventType: firstOf(json('/type'), json('/event_type')),
  setup: [
    'In the webhook settings of the sender: add an endpoint with the URL {ingest_url}',
    'Copy the signing secret of the endpoint (whsec_…) and import it as a callback secret',
  ],
};
