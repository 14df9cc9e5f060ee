import { z } from 'zod';
import { hmac as hmacScheme, type Scheme } from '#signatures';
import type { ProviderPreset } from '../preset.js';
import { HeaderName, HmacSettings, Template } from '../generic-settings.js';

const Settings = z
  .strictObject({
    ...HmacSettings.shape,
    timestamp_header: HeaderName.optional().meta({ description: 'Header of the signed time, in seconds' }),
    template: Template.optional(),
  })
  .refine(
    ({ timestamp_header: header, template }) =>
      template === undefined || template.includes('${timestamp}') === (header !== undefined),
    {
      path: ['template'],
      error:
        'must contain ${timestamp} where timestamp_header is set, and only there: a time counts if it is signed',
    },
  );

/** HMAC in a header, for any sender: over the body or, with `timestamp_header`, over a time and the body. */
export const hmac: ProviderPreset = {
  id: 'hmac',
  name: 'HMAC (any sender)',
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc2104',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'any text, used as it stands', source: 'either' },
  setup: [
    'Have the sender POST to {ingest_url} with a hex HMAC-SHA256 of the raw body in the header X-Signature, or set header, encoding, algorithm, prefix, timestamp_header and template in the config of the source.',
    'Make a callback secret and give it to the sender, or import the one that the sender has.',
  ],
};

function schemeOf(settings: z.output<typeof Settings>): Scheme {
  const { header, algorithm, encoding, prefix, timestamp_header: timestampHeader, template } = settings;
  const isTimed = timestampHeader !== undefined;
  return hmacScheme({
    header,
    algorithm,
    encoding,
    grammar: { kind: 'bare', prefix },
    content: template ?? (isTimed ? '${timestamp}.${body}' : '${body}'),
    ...(isTimed
      ? { timestamp: { header: timestampHeader, unit: 'seconds' as const, toleranceSeconds: 300 } }
      : {}),
  });
}
