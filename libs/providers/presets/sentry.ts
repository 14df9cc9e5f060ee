import { hmac } from '#signatures';
import { firstOf, header, joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const resource = header('Sentry-Hook-Resource');

/** Sentry: the bare body is signed with the client secret of the integration; the time in Sentry-Hook-Timestamp is not. */
export const sentry: ProviderPreset = {
  id: 'sentry',
  name: 'Sentry',
  docsUrl: 'https://docs.sentry.io/integrations/integration-platform/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'Sentry-Hook-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the client secret of the integration, used as it stands', source: 'imported' },
  eventId: header('Request-ID'),
  eventType: firstOf(joined('.', resource, json('/action')), resource),
  uncovered:
    'The headers, among them the time, the resource and the id: whoever saw a callback can send it again.',
  setup: [
    'In Sentry: Settings → Custom Integrations → create an integration with the webhook URL {ingest_url}',
    'Import its client secret as a callback secret',
  ],
};
