import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type HandedOutKeys, jwtByHandedOutKey, parseJson, type Scheme } from '#signatures';
import { joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  environment: z
    .enum(['production', 'sandbox'])
    .default('production')
    .meta({ description: 'Which of the two the client secret belongs to' }),
});

/**
 * A token by a key that Plaid hands out to its customers by id. The hash is of the raw body, which Plaid indents. No id of
 * the event is sent.
 */
export const plaid: ProviderPreset = {
  id: 'plaid',
  name: 'Plaid',
  docsUrl: 'https://plaid.com/docs/api/webhooks/webhook-verification/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: {
    format: 'client_id and secret of the environment with a colon between them; used to fetch the keys',
    source: 'imported',
  },
  eventType: joined('.', json('/webhook_type'), json('/webhook_code')),
  uncovered: 'The URL, and whom the callback is for: Plaid signs for all its customers alike.',
  setup: [
    'In Plaid: Developers → Keys; import "<client_id>:<secret>" as a callback secret, and set environment of the source to sandbox for the sandbox secret.',
    'Use {ingest_url} as the webhook of /link/token/create, or as the URL of Developers → Webhooks.',
  ],
};

function schemeOf({ environment }: z.output<typeof Settings>): Scheme {
  return jwtByHandedOutKey({
    header: 'Plaid-Verification',
    algorithms: ['ES256'],
    bodyClaim: { name: 'request_body_sha256', encoding: 'hex' },
    toleranceSeconds: 300,
    keys: keysOf(`https://${environment}.plaid.com/webhook_verification_key/get`),
  });
}

function keysOf(url: string): HandedOutKeys {
  return {
    keyId: /^[0-9A-Za-z-]{1,64}$/,
    ask: (ask, { clientId, secret }, keyId) =>
      ask(url, {
        method: 'POST',
        headers: [
          ['Content-Type', 'application/json'],
          ['PLAID-CLIENT-ID', clientId],
          ['PLAID-SECRET', secret],
        ],
        body: JSON.stringify({ key_id: keyId }),
        name: keyId,
      }),
    read: keyInForce,
  };
}

/** Plaid's own receivers refuse a key as soon as it has an `expired_at`, whatever it says. */
function keyInForce(answer: Buffer): KeyObject | null {
  const { key } = (parseJson(answer) ?? {}) as { key?: JsonWebKey | null };
  if (typeof key !== 'object' || key === null || (key.expired_at ?? null) !== null) return null;
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return null;
  }
}
