import { sharedToken } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * AssemblyAI signs nothing: with each transcription it is told a header to send back. The callback carries the id
 * of the transcript and no text.
 */
export const assemblyai: ProviderPreset = {
  id: 'assemblyai',
  name: 'AssemblyAI',
  docsUrl: 'https://assemblyai.com/docs/deployment/webhooks-for-pre-recorded-audio',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ header: 'X-Callbox-Token' }),
  secret: { format: 'any text; it is sent as webhook_auth_header_value', source: 'either' },
  eventType: json('/status'),
  runId: json('/transcript_id'),
  uncovered: 'The token does not cover the body, method, URL or time.',
  tokenHeaders: ['x-callbox-token'],
  setup: [
    'Send webhook_url {ingest_url} with each transcription.',
    'Send webhook_auth_header_name X-Callbox-Token and, as webhook_auth_header_value, the callback secret of the source.',
  ],
};
