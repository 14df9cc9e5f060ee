import { createHmac, KeyObject } from 'node:crypto';
import { hmac } from '#signatures';
import type { Callback, ProviderPreset } from '../preset.js';

// The answer is the signature that a body of just this text would have: no text that could be a JSON object is signed.
const HARMLESS = /^[A-Za-z0-9+/=_-]{1,256}$/;

function challengeOf({ method, url }: Callback): string | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const token = new URL(url).searchParams.get('crc_token');
  return token !== null && HARMLESS.test(token) ? token : null;
}

/** X (Twitter): GitHub's prefix with base64 behind it. The same key answers a challenge, which X repeats every hour. */
export const x: ProviderPreset = {
  id: 'x',
  name: 'X (Twitter)',
  docsUrl: 'https://docs.x.com/x-api/webhooks/introduction',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'x-twitter-webhooks-signature',
    algorithm: 'sha256',
    encoding: 'base64',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the consumer secret (API key secret) of the app', source: 'imported' },
  uncovered: 'The age: whoever saw a callback can send it again.',
  handshake: {
    description: 'GET with crc_token is answered with the HMAC of that token.',
    methods: ['GET'],
    isSigned: false,
    answer: (request, { keys }) => {
      const token = challengeOf(request);
      const key = keys[0]?.material;
      if (token === null || !(key instanceof KeyObject)) return null;
      const answer = createHmac('sha256', key).update(token).digest('base64');
      return {
        status: 200,
        headers: [['Content-Type', 'application/json']],
        body: JSON.stringify({ response_token: `sha256=${answer}` }),
      };
    },
  },
  setup: [
    'Import the consumer secret of the app (Keys and tokens → API key secret) as a callback secret',
    'In X: POST /2/webhooks with the URL {ingest_url}',
  ],
};
