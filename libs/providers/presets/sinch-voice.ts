import { z } from 'zod';
import { hmac, type Scheme } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  application_key: z
    .string()
    .regex(/^(?:[A-Za-z0-9-]{8,64})?$/, 'must be the key of an application')
    .default('')
    .meta({
      description:
        'The key of the application, which stands before the signature; without it nothing is accepted',
    }),
});

/** Method, MD5 of the body, content type, time and path are signed. No tolerance is documented. */
export const sinchVoice: ProviderPreset = {
  id: 'sinch-voice',
  name: 'Sinch (Voice and Verification)',
  docsUrl: 'https://github.com/sinch/sinch-sdk-node',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the secret of the application, base64, decoded before use', source: 'imported' },
  eventType: json('/event'),
  uncovered: 'The host of the URL. Of the contents only an MD5 is signed.',
  setup: [
    'In Sinch: Voice (or Verification) → your app; put its key into the config of the source and import its secret as a callback secret.',
    'Callback URL {ingest_url}.',
  ],
};

function schemeOf({ application_key: key }: z.output<typeof Settings>): Scheme {
  return hmac({
    header: 'Authorization',
    algorithm: 'sha256',
    encoding: 'base64',
    grammar: { kind: 'bare', prefix: `Application ${key}:` },
    content: '${method}\n${bodyMd5Base64}\n${header:content-type}\nx-timestamp:${timestamp}\n${path}',
    timestamp: { header: 'x-timestamp', unit: 'rfc3339', toleranceSeconds: 300 },
    secret: { decode: 'base64' },
  });
}
