import { z } from 'zod';
import { hmac, type Scheme } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  encoding: z
    .enum(['hex', 'base64'])
    .default('hex')
    .meta({ description: 'SHOPLINE documents base64 and was seen to send lower-case hex' }),
});

/** HMAC of the body with the app secret, in hex as it is sent and not in base64 as it is documented. */
export const shopline: ProviderPreset = {
  id: 'shopline',
  name: 'SHOPLINE',
  docsUrl: 'https://developer.shopline.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the app secret, used as it stands', source: 'imported' },
  eventId: header('X-Shopline-Webhook-Id'),
  eventType: header('X-Shopline-Topic'),
  uncovered: 'The headers (id and topic), the URL and the time.',
  setup: [
    'Subscribe to the topics with the address {ingest_url}.',
    'Import the app secret as a callback secret.',
  ],
};

function schemeOf({ encoding }: z.output<typeof Settings>): Scheme {
  return hmac({ header: 'X-Shopline-Hmac-Sha256', algorithm: 'sha256', encoding });
}
