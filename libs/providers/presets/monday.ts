import { jwtWithBodyHash } from '#signatures';
import { json } from '../locators.js';
import type { Callback, ProviderPreset } from '../preset.js';

// A token signed for a redelivery lives as long as monday's own.
const LIFETIME_SECONDS = 300;
const HARMLESS = /^[\w+/=.-]{1,256}$/;
const challenge = json('/challenge');

function challengeOf(request: Callback): string | null {
  const { json: document, method } = request;
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  if (method !== 'POST' || !isObject || Object.keys(document).length !== 1) return null;
  const text = challenge(request);
  return text !== null && HARMLESS.test(text) ? text : null;
}

/**
 * Webhooks that an app of the Developer Center makes: a token whose audience is the URL. Those that somebody makes by hand
 * on a board or with a personal token carry none, and are refused.
 */
export const monday: ProviderPreset = {
  id: 'monday',
  name: 'monday.com',
  docsUrl: 'https://developer.monday.com/apps/docs/authorization-header',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: jwtWithBodyHash({
    header: 'Authorization',
    urlClaim: 'aud',
    lifetime: 'expiry',
    defaultToleranceSeconds: 0,
    freshClaims: ({ url, nowSeconds }) => ({ aud: url, exp: nowSeconds + LIFETIME_SECONDS, iat: nowSeconds }),
  }),
  secret: { format: 'the signing secret of the app, used as it stands', source: 'imported' },
  eventId: json('/event/triggerUuid'),
  eventType: json('/event/type'),
  tokenHeaders: ['authorization'],
  uncovered:
    'The body: the token names only the URL and until when it is good. Redeliveries are signed without the claims accountId, userId and shortLivedToken.',
  handshake: {
    description: 'A POST of nothing but a challenge is answered with the same JSON.',
    isSigned: false,
    answer: (request) => {
      const text = challengeOf(request);
      if (text === null) return null;
      return {
        status: 200,
        headers: [['Content-Type', 'application/json']],
        body: JSON.stringify({ challenge: text }),
      };
    },
  },
  setup: [
    'In monday.com: Developer Center → your app → General settings; import the signing secret as a callback secret.',
    'With a token of that app: mutation create_webhook with the URL {ingest_url}; it is verified at once.',
  ],
};
