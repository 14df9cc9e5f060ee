import { digestWithSecret } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** A form whose `hash` is a plain MD5 of key, time and data: weak, but Quoter offers nothing else. */
export const quoter: ProviderPreset = {
  id: 'quoter',
  name: 'Quoter',
  docsUrl: 'https://help.quoter.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: digestWithSecret({
    signature: { form: 'hash' },
    algorithm: 'md5',
    encoding: 'hex',
    content: '${secret}${form:timestamp}${form:data}',
    timestamp: { field: { form: 'timestamp' }, unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the hash key of the webhook, used as it stands', source: 'imported' },
  uncovered: 'The fields of the body other than timestamp and data.',
  setup: [
    'In Quoter: Settings → Integrations → Webhooks → Add, URL {ingest_url}.',
    'Import the hash key as a callback secret.',
  ],
};
