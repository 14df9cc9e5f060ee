import { sharedToken } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * Auth0 signs nothing: it sends the whole value of Authorization that was typed in, with no scheme of its own. The
 * body is a batch of log events.
 */
export const auth0: ProviderPreset = {
  id: 'auth0',
  name: 'Auth0 log streams',
  docsUrl: 'https://auth0.com/docs/customize/log-streams/custom-log-streams',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: sharedToken({ header: 'Authorization' }),
  secret: { format: 'the authorization token, character by character as typed into Auth0', source: 'either' },
  uncovered: 'The token does not cover the body, method, URL or time.',
  tokenHeaders: ['authorization'],
  setup: [
    'In Auth0: Monitoring → Streams → Create stream → Custom webhook, payload URL {ingest_url}.',
    'Enter the callback secret of the source as the authorization token.',
  ],
};
