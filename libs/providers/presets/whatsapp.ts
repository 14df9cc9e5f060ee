import type { ProviderPreset } from '../preset.js';
import { meta } from './meta.js';

/** The WhatsApp Cloud API, under Meta's scheme. One callback carries up to 1,000 changes; the ids are those of the messages in it. */
export const whatsapp: ProviderPreset = {
  ...meta,
  id: 'whatsapp',
  name: 'WhatsApp Cloud API',
  docsUrl: 'https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks',
  aliasOf: 'meta',
  setup: [
    'Choose a verify_token and put it into the config of the source',
    'In Meta for Developers: your app → WhatsApp → Configuration → Webhook, callback URL {ingest_url}, verify token as chosen',
    'Subscribe to the field messages and import the app secret (App settings → Basic) as a callback secret',
  ],
};
