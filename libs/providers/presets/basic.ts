import { basic as basicScheme } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** User and password, for any sender. They say who sends, not what. */
export const basic: ProviderPreset = {
  id: 'basic',
  name: 'Basic authentication (any sender)',
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc7617',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: basicScheme(),
  secret: { format: 'user:password', source: 'imported' },
  uncovered: 'The password does not cover the body, method, URL or time.',
  tokenHeaders: ['authorization'],
  setup: [
    'Import user:password as a callback secret.',
    'Have the sender POST to {ingest_url} with that user and password (Authorization: Basic).',
  ],
};
