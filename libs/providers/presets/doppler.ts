import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Doppler signs the bare body, and only when a signing secret was set; the body may be one that the user wrote. */
export const doppler: ProviderPreset = {
  id: 'doppler',
  name: 'Doppler',
  docsUrl: 'https://docs.doppler.com/docs/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Doppler-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the signing secret, any text, used as it stands', source: 'either' },
  setup: [
    'In Doppler: the project → Webhooks → Add, URL {ingest_url}.',
    'Enter the callback secret of the source as the signing secret.',
  ],
};
