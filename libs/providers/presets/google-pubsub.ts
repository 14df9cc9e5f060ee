import { jwtByPublishedKeys } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Google signs the same kind of token for everybody's service accounts and any audience, so the account must be
 * named too. The id of a message is unique in its topic and kept on retries.
 */
export const googlePubsub: ProviderPreset = {
  id: 'google-pubsub',
  name: 'Google Cloud Pub/Sub push',
  docsUrl: 'https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: jwtByPublishedKeys({
    name: 'oidc',
    place: { header: 'Authorization', valuePrefix: 'Bearer ' },
    algorithms: ['RS256'],
    issuer: ['https://accounts.google.com', 'accounts.google.com'],
    keysUrl: 'https://www.googleapis.com/oauth2/v3/certs',
    defaultToleranceSeconds: 60,
    expectedClaims,
  }),
  secret: {
    format: 'audience and e-mail of the service account, parted by a blank; no secret',
    source: 'imported',
  },
  eventId: json('/message/messageId'),
  eventType: json('/message/attributes/eventType'),
  uncovered: 'The token does not cover the body or the URL.',
  tokenHeaders: ['authorization'],
  setup: [
    'In Google Cloud: Pub/Sub → Subscriptions → Create, delivery type Push, endpoint URL {ingest_url}, Enable authentication with a service account and an audience.',
    'Import "<audience> <e-mail of the service account>" as a callback secret.',
  ],
};

function expectedClaims(plainText: string): Record<string, string | boolean> | null {
  const [audience = '', email = '', ...others] = plainText.split(' ');
  const isComplete = audience !== '' && /^[^@]+@[^@]+$/.test(email) && others.length === 0;
  return isComplete ? { aud: audience, email, email_verified: true } : null;
}
