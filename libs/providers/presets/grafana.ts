import { z } from 'zod';
import { hmac, type Scheme } from '#signatures';
import { HeaderName } from '../generic-settings.js';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  header: HeaderName.default('X-Grafana-Alerting-Signature'),
  timestamp_header: HeaderName.optional().meta({
    description: 'As set in Grafana; absent: no time is signed',
  }),
});

/**
 * Header names are chosen in Grafana. Only where a timestamp header is set is the time signed, in front of the
 * body.
 */
export const grafana: ProviderPreset = {
  id: 'grafana',
  name: 'Grafana Alerting',
  docsUrl:
    'https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  secret: { format: 'any text, used as it stands', source: 'either' },
  eventType: json('/status'),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  setup: [
    'In Grafana: Alerting → Contact points → Add, integration Webhook, URL {ingest_url}.',
    'Under HMAC signature: make a callback secret and paste it as the secret; set a timestamp header and give it to the source as timestamp_header.',
  ],
};

function schemeOf({ header, timestamp_header: timestampHeader }: z.output<typeof Settings>): Scheme {
  const common = { header, algorithm: 'sha256', encoding: 'hex' } as const;
  if (timestampHeader === undefined) return hmac(common);
  return hmac({
    ...common,
    content: '${timestamp}:${body}',
    timestamp: { header: timestampHeader, unit: 'seconds', toleranceSeconds: 300 },
  });
}
