import { jwtByGivenKey } from '#signatures';
import type { ProviderPreset } from '../preset.js';
import { tokenClaim } from '../token-claims.js';

/** The whole body is a token; its claim `data` is JSON in a text, which holds the event once more as JSON in a text. */
export const wix: ProviderPreset = {
  id: 'wix',
  name: 'Wix',
  docsUrl: 'https://dev.wix.com/docs/build-apps/build-your-app/authentication/verify-wix-requests',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: jwtByGivenKey({
    place: 'body',
    algorithms: ['RS256'],
    lifetime: 'expiry',
    defaultToleranceSeconds: 0,
  }),
  secret: { format: 'the public key of the app (PEM); no secret', source: 'imported' },
  // Events of the standard structure only; those older than it have no id.
  eventId: tokenClaim('body', '/data', '/data', '/id'),
  eventType: tokenClaim('body', '/data', '/eventType'),
  uncovered: 'The headers and the URL.',
  setup: [
    'In Wix: Custom Apps → your app → Webhooks → Create webhook, callback URL {ingest_url}.',
    'Import the key behind Get Public Key there as a callback secret.',
  ],
};
