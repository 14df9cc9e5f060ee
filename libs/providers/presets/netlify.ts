import { jwtWithBodyHash } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const token = jwtWithBodyHash({
  header: 'X-Webhook-Signature',
  issuer: 'netlify',
  bodyClaim: { name: 'sha256', encoding: 'hex' },
  defaultToleranceSeconds: 0,
  freshClaims: ({ bodyHash }) => ({ iss: 'netlify', sha256: bodyHash }),
});

/**
 * A token whose only claims are the issuer and the hash of the body: nothing in it ages, and a deploy has several
 * events of one id.
 */
export const netlify: ProviderPreset = {
  id: 'netlify',
  name: 'Netlify',
  docsUrl: 'https://docs.netlify.com/site-deploys/notifications/#payload-signature',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: { ...token, signsTimestamp: false, defaultToleranceSeconds: null },
  secret: { format: 'the JWS secret token you chose, used as it stands', source: 'either' },
  eventType: header('X-Netlify-Event'),
  uncovered: 'The headers, so also the type of the event, and the time.',
  setup: [
    'In Netlify: Project configuration → Notifications → Deploy notifications → Add, HTTP POST request, URL {ingest_url}.',
    'Make a callback secret and paste it as the JWS secret token there.',
  ],
};
