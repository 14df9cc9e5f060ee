import { z } from 'zod';
import { hmac, type Scheme } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  app_key: z
    .string()
    .regex(/^(?:[A-Za-z0-9]{6,64})?$/, 'must be letters and digits')
    .default('')
    .meta({
      description: 'The app key, which is signed in front of the body; without it nothing is accepted',
    }),
});

/** App key and body are signed with the app secret; retries repeat the time in the body, so it is not judged. */
export const tiktokShop: ProviderPreset = {
  id: 'tiktok-shop',
  name: 'TikTok Shop',
  docsUrl: 'https://partner.tiktokshop.com/docv2/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the app secret, used as it stands', source: 'imported' },
  eventId: json('/tts_notification_id'),
  eventType: json('/type'),
  uncovered: 'The URL.',
  setup: [
    'In the TikTok Shop Partner Center: your app → Manage webhooks, URL {ingest_url}.',
    'Put the app key into the config of the source and import the app secret as a callback secret.',
  ],
};

function schemeOf({ app_key: appKey }: z.output<typeof Settings>): Scheme {
  return hmac({
    header: 'Authorization',
    algorithm: 'sha256',
    encoding: 'hex',
    content: `${appKey}\${body}`,
  });
}
