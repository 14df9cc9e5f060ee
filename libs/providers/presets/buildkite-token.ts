import { sharedToken } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Buildkite in the mode "send the token": better choose the signature, which is the provider buildkite. */
export const buildkiteToken: ProviderPreset = {
  id: 'buildkite-token',
  name: 'Buildkite (token)',
  docsUrl: 'https://buildkite.com/docs/apis/webhooks/pipelines',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ header: 'X-Buildkite-Token' }),
  secret: { format: 'the token of the webhook, used as it stands', source: 'imported' },
  eventType: json('/event'),
  uncovered: 'The token does not cover the body, method, URL or time.',
  tokenHeaders: ['x-buildkite-token'],
  setup: [
    'In Buildkite: Settings → Notification Services → Add → Webhook, URL {ingest_url}.',
    'Import the token of the webhook as a callback secret of the source.',
  ],
};
