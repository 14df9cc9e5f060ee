import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Toast signs the body and behind it, once more, the timestamp that stands in it. */
export const toast: ProviderPreset = {
  id: 'toast',
  name: 'Toast',
  docsUrl: 'https://doc.toasttab.com/doc/devguide/apiMessageSigning.html',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Toast-Signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${body}${json:/timestamp}',
  }),
  secret: { format: 'the signing secret of the subscription, used as it stands', source: 'imported' },
  eventId: json('/guid'),
  eventType: header('Toast-Event-Type'),
  uncovered: 'The age and the headers, among them the type: whoever saw a callback can send it again.',
  setup: [
    'In the Toast developer portal: add a webhook subscription with the URL {ingest_url}',
    'Import its signing secret as a callback secret',
  ],
};
