import { z } from 'zod';
import { hmac, type Scheme } from '#signatures';
import type { ProviderPreset } from '../preset.js';
import { FieldName, HmacSettings, Template } from '../generic-settings.js';

const Settings = z
  .strictObject({
    ...HmacSettings.shape,
    timestamp_field: FieldName.default('t'),
    signature_field: FieldName.default('v1'),
    template: Template.refine(
      (template) => template.includes('${timestamp}'),
      'must contain ${timestamp}: a time that is not signed could be any',
    ).default('${timestamp}.${body}'),
  })
  .omit({ prefix: true });

/** Time and signatures together in one header, `t=…,v1=…`, as many providers do after Stripe's model. */
export const hmacTimestamped: ProviderPreset = {
  id: 'hmac-timestamped',
  name: 'HMAC with a time (any sender)',
  docsUrl: 'https://docs.stripe.com/webhooks#verify-manually',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'any text, used as it stands', source: 'either' },
  setup: [
    'Have the sender POST to {ingest_url} with the header X-Signature: t=<seconds>,v1=<hex HMAC-SHA256 of time, full stop and body>, or set header, timestamp_field, signature_field, encoding, algorithm and template in the config of the source.',
    'Make a callback secret and give it to the sender, or import the one that the sender has.',
  ],
};

function schemeOf(settings: z.output<typeof Settings>): Scheme {
  const {
    header,
    algorithm,
    encoding,
    template,
    signature_field: signature,
    timestamp_field: timestamp,
  } = settings;
  return hmac({
    name: 'hmac-timestamped',
    header,
    algorithm,
    encoding,
    grammar: { kind: 'fields', separator: ',', signature, timestamp },
    content: template,
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  });
}
