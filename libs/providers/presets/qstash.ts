import { randomBytes } from 'node:crypto';
import { jwtWithBodyHash, type TokenFacts } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const LIFETIME_SECONDS = 300;
// Receivers allow no difference of clocks, so a token is already a little old when it is made.
const BACKDATED_SECONDS = 5;
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The signature of QStash, which Upstash Workflow shares. */
export const qstashScheme = jwtWithBodyHash({
  header: 'Upstash-Signature',
  issuer: 'Upstash',
  bodyClaim: { name: 'body', encoding: 'base64url' },
  urlClaim: 'sub',
  defaultToleranceSeconds: 0,
  // The signing keys of QStash's local development server, printed in its documentation.
  publishedSecrets: ['sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r', 'sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs'],
  freshClaims,
});

/**
 * The token that every known receiver takes, the strictest ones included: all claims in QStash's order, the hash padded,
 * `iat` in the past (PyJWT refuses a future one), `nbf` in the past and not 0 (golang-jwt v4 reads 0 as absent).
 */
function freshClaims({ url, bodyHash, nowSeconds }: TokenFacts): Record<string, string | number> {
  const issuedAt = nowSeconds - BACKDATED_SECONDS;
  return {
    aud: '',
    body: bodyHash.padEnd(44, '='),
    exp: nowSeconds + LIFETIME_SECONDS,
    iat: issuedAt,
    iss: 'Upstash',
    jti: `jwt_${randomBase58(28)}`,
    nbf: issuedAt,
    sub: url,
  };
}

function randomBase58(length: number): string {
  return Array.from(randomBytes(length), (byte) => BASE58[byte % BASE58.length]).join('');
}

/** QStash: every message has an id that its retries keep; a message that starts or continues a workflow names the run. */
export const qstash: ProviderPreset = {
  id: 'qstash',
  name: 'Upstash QStash',
  docsUrl: 'https://upstash.com/docs/qstash/features/security',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: qstashScheme,
  secret: { format: 'sig_… the current or the next signing key of the console', source: 'imported' },
  eventId: header('Upstash-Message-Id'),
  runId: header('Upstash-Workflow-RunId'),
  sample: {
    type: null,
    headers: [
      ['Content-Type', 'application/json'],
      ['User-Agent', 'Upstash-QStash'],
      ['Upstash-Message-Id', 'msg_{unique}'],
      ['Upstash-Retried', '0'],
    ],
    body: '{"task":"send-invoice","invoice_id":"invoice_{unique}"}',
  },
  setup: [
    'Import the current and the next signing key of the QStash console as two callback secrets.',
    'Publish to {ingest_url}, or name it as callback or failure callback.',
  ],
};
