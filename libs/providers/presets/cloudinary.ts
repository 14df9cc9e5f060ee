import { z } from 'zod';
import { digestWithSecret, type Scheme } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  algorithm: z.enum(['sha1', 'sha256']).default('sha1').meta({
    description: 'The signature algorithm of the account; sha256 should be chosen where there is a choice',
  }),
});

/** A plain digest of body, time and API secret; the account decides between SHA-1, the default, and SHA-256. */
export const cloudinary: ProviderPreset = {
  id: 'cloudinary',
  name: 'Cloudinary',
  docsUrl: 'https://cloudinary.com/documentation/notifications#verifying_notification_signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the API secret, used as it stands', source: 'imported' },
  eventType: json('/notification_type'),
  uncovered: 'The URL.',
  setup: [
    'In Cloudinary: Settings → Webhook Notifications → Add notification URL, {ingest_url}.',
    'Import the API secret of the oldest active key as a callback secret; set algorithm to that of the account.',
  ],
};

function schemeOf({ algorithm }: z.output<typeof Settings>): Scheme {
  return digestWithSecret({
    header: 'X-Cld-Signature',
    algorithm,
    encoding: 'hex',
    content: '${body}${timestamp}${secret}',
    timestamp: { header: 'X-Cld-Timestamp', unit: 'seconds', toleranceSeconds: 7200 },
  });
}
