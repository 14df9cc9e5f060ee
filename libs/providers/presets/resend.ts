import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** Resend sends through Svix, under the `svix-` names. */
export const resend: ProviderPreset = {
  ...svix,
  id: 'resend',
  name: 'Resend',
  docsUrl: 'https://resend.com/docs/webhooks/verify-webhooks-requests',
  aliasOf: 'svix',
  setup: [
    'In Resend: Webhooks → Add Webhook, URL {ingest_url}, and choose the events',
    'Copy the signing secret (whsec_…) on the page of the webhook and import it as a callback secret',
  ],
};
