import { bearer as bearerScheme } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** A bearer token, for any sender. It says who sends, not what. */
export const bearer: ProviderPreset = {
  id: 'bearer',
  name: 'Bearer token (any sender)',
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc6750',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: bearerScheme(),
  secret: { format: 'the token, any text', source: 'either' },
  uncovered: 'The token does not cover the body, method, URL or time.',
  tokenHeaders: ['authorization'],
  setup: ['Have the sender POST to {ingest_url} with Authorization: Bearer <the callback secret>.'],
};
