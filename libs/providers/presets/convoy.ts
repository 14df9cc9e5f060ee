import { z } from 'zod';
import { hmac, type Scheme } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  mode: z
    .enum(['advanced', 'simple'])
    .default('advanced')
    .meta({ description: 'Advanced signatures hold a time' }),
  algorithm: z.enum(['sha256', 'sha512']).default('sha256'),
  encoding: z.enum(['hex', 'base64']).default('hex'),
});

function schemeOf({ mode, algorithm, encoding }: z.output<typeof Settings>): Scheme {
  const common = { header: 'X-Convoy-Signature', algorithm, encoding };
  if (mode === 'simple') return hmac(common);
  return hmac({
    ...common,
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp},${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  });
}

/**
 * Whoever runs Convoy chooses hash, encoding and mode. The advanced mode, the default for new endpoints, signs a
 * time, with a comma behind it; the tolerance is ours.
 */
export const convoy: ProviderPreset = {
  id: 'convoy',
  name: 'Convoy',
  docsUrl: 'https://www.getconvoy.io/docs/product-manual/signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  secret: { format: 'the secret of the endpoint, used as it stands', source: 'imported' },
  eventId: header('X-Convoy-Idempotency-Key'),
  uncovered: 'The headers, and so the event id, are not signed.',
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  setup: [
    'In Convoy: Endpoints → Create endpoint, URL {ingest_url}.',
    'Import the endpoint secret as a callback secret of the source.',
    'Set mode, algorithm and encoding of the source as the project has them.',
  ],
};
