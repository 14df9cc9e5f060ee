import { jwtWithBodyHash } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const LIFETIME_SECONDS = 300;

/** A JSON Web Token of the API key that the project was given; its issuer is the key, its MAC is made with the secret. */
export const livekit: ProviderPreset = {
  id: 'livekit',
  name: 'LiveKit',
  docsUrl: 'https://docs.livekit.io/home/server/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: jwtWithBodyHash({
    header: 'Authorization',
    isIssuerInSecret: true,
    bodyClaim: { name: 'sha256', encoding: 'base64' },
    lifetime: 'expiry',
    // What the official WebhookReceiver allows.
    defaultToleranceSeconds: 10,
    freshClaims: ({ bodyHash, issuer, nowSeconds }) => ({
      iss: issuer,
      nbf: nowSeconds,
      exp: nowSeconds + LIFETIME_SECONDS,
      sha256: bodyHash,
    }),
  }),
  secret: { format: 'API key and API secret with a colon between them: APIxxxx:secret', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/event'),
  tokenHeaders: ['authorization'],
  uncovered: 'The URL.',
  setup: [
    'In LiveKit Cloud: Settings → Webhooks → Create, URL {ingest_url}, and choose the API key that signs; self-hosted: webhook.urls and webhook.api_key in the configuration.',
    'Import "<API key>:<API secret>" of that key as a callback secret.',
  ],
};
