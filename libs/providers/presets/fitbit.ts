import { hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  verify_token: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .meta({ description: 'The verification code of the subscriber' }),
});

function withAmpersand(clientSecret: Buffer): Buffer {
  return Buffer.concat([clientSecret, Buffer.from('&')]);
}

function isSame(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}

/**
 * The key is the client secret with an ampersand behind it. Fitbit wants 204 within 5 seconds, and asks twice
 * whether the endpoint knows its code: once with a wrong one. The body is a batch.
 */
export const fitbit: ProviderPreset = {
  id: 'fitbit',
  name: 'Fitbit',
  docsUrl: 'https://dev.fitbit.com/build/reference/web-api/developer-guide/using-subscriptions/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Fitbit-Signature',
    algorithm: 'sha1',
    encoding: 'base64',
    secret: { derive: withAmpersand },
  }),
  secret: { format: 'the client secret of the application, used as it stands', source: 'imported' },
  configuration: { settings: Settings },
  handshake: {
    description: 'GET ?verify= is answered with 204 for the code in verify_token and with 404 for another.',
    methods: ['GET'],
    isSigned: false,
    answer: ({ method, url }, { config }) => {
      const code = method === 'GET' && URL.canParse(url) ? new URL(url).searchParams.get('verify') : null;
      const { verify_token: expected } = config;
      if (code === null || typeof expected !== 'string') return null;
      return { status: isSame(code, expected) ? 204 : 404, headers: [], body: '' };
    },
  },
  reply: { status: 204, contentType: 'text/plain', body: '' },
  setup: [
    'Import the OAuth 2.0 client secret of the application as a callback secret of the source.',
    'At dev.fitbit.com: your application → Add a subscriber, endpoint {ingest_url}, type JSON.',
    'Set verify_token of the source to the verification code of the subscriber, then choose Verify.',
  ],
};
