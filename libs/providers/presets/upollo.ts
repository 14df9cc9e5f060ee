import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

// The header of a fresh signature would need a time as well: what came is passed on as it came.
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is only left out, never called
const { sign: _sign, ...scheme } = hmac({
  header: 'Upollo-Signature',
  algorithm: 'sha512',
  encoding: 'hex',
  grammar: { kind: 'list', separator: ',', prefix: 's0:' },
});

/** The header reads `t:<time>,s0:<digest>`; the time is not signed, so it is not judged. */
export const upollo: ProviderPreset = {
  id: 'upollo',
  name: 'Upollo',
  docsUrl: 'https://upollo.ai/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme,
  secret: { format: 'the secret of the webhook, used as it stands', source: 'imported' },
  uncovered: 'The time in the header, and the URL.',
  setup: ['At Upollo: add a webhook with the URL {ingest_url}.', 'Import its secret as a callback secret.'],
};
