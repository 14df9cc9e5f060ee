import { z } from 'zod';
import { hmac, type Scheme } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  signature: z
    .enum(['digest', 'timed'])
    .default('digest')
    .meta({ description: 'What stands in the header: the digest alone, or t=…,v1=<key id>:<digest>' }),
});

function schemeOf({ signature }: z.output<typeof Settings>): Scheme {
  const common = { header: 'x-paystack-signature', algorithm: 'sha512', encoding: 'hex' } as const;
  if (signature === 'digest') return hmac(common);
  return hmac({
    ...common,
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't', keyId: 'callbox' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  });
}

/**
 * Paystack's samples show two signatures: for years the bare digest of the body, and of late
 * one that holds time and key id. The request does not choose: the source says which it takes, and the other is refused.
 */
export const paystack: ProviderPreset = {
  id: 'paystack',
  name: 'Paystack',
  docsUrl: 'https://paystack.com/docs/payments/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the secret key of the integration, used as it stands', source: 'imported' },
  eventType: json('/event'),
  uncovered: 'The URL and, unless the source is set to timed, the time.',
  setup: [
    'In Paystack: Settings → API Keys & Webhooks, webhook URL {ingest_url}.',
    'Import the secret key shown there as a callback secret; test and live mode have different ones.',
    'If x-paystack-signature begins with t=, set signature of the source to timed.',
  ],
};
