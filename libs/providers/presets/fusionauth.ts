import { jwtByGivenKey } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** A token with the hash of the body and without any time, signed with whatever key the Key Master holds for it. */
export const fusionauth: ProviderPreset = {
  id: 'fusionauth',
  name: 'FusionAuth',
  docsUrl: 'https://fusionauth.io/docs/extend/events-and-webhooks/signing',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: jwtByGivenKey({
    place: { header: 'X-FusionAuth-Signature-JWT' },
    algorithms: [
      ...(['HS256', 'HS384', 'HS512'] as const),
      ...(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const),
    ],
    bodyClaim: { name: 'request_body_sha256', encoding: 'base64' },
    lifetime: 'claims',
    defaultToleranceSeconds: 0,
  }),
  secret: {
    format:
      'the signing key: the secret of an HMAC key, or the public key (PEM or JWK) of an RSA, EC or EdDSA key',
    source: 'imported',
  },
  eventId: json('/event/id'),
  eventType: json('/event/type'),
  uncovered: 'The URL and the time: whoever saw a callback can send it again.',
  setup: [
    'In FusionAuth: Settings → Key Master, make or choose a key; import its secret or its public key as a callback secret.',
    'In FusionAuth: Settings → Webhooks → Add, URL {ingest_url}; on Security enable Sign events and choose that key.',
  ],
};
