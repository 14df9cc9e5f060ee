import { detachedJws } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const KEYS = /^https:\/\/[a-z0-9.-]+\/(?:[\w.~/-]{1,200}\/)?\.well-known\/jwks\.json$/i;

/** A detached JWS over the time and the base64url of the body, with the keys of the Neon Auth instance itself. */
export const neon: ProviderPreset = {
  id: 'neon',
  name: 'Neon Auth',
  docsUrl: 'https://neon.com/docs/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: detachedJws({
    header: 'X-Neon-Signature',
    algorithms: ['EdDSA'],
    content: '${timestamp}.${bodyBase64url}',
    timestamp: { header: 'X-Neon-Timestamp', unit: 'milliseconds', toleranceSeconds: 300 },
    subscription: (keysUrl) => (KEYS.test(keysUrl) ? { keysUrl } : null),
  }),
  secret: { format: 'where the keys are: <Neon Auth URL>/.well-known/jwks.json', source: 'imported' },
  eventType: header('X-Neon-Event-Type'),
  uncovered: 'The other headers, X-Neon-Event-Id and X-Neon-Event-Type among them, and the URL.',
  setup: [
    'Import <Neon Auth URL>/.well-known/jwks.json as a callback secret.',
    'In Neon: Auth → Webhooks, URL {ingest_url}. Callbox does not answer for the app, so choose events that do not block.',
  ],
};
