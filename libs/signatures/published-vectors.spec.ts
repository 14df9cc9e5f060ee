import {
  digestWithSecret,
  hmac,
  hmacOverUrl,
  jwtWithBodyHash,
  publicKey,
  standardWebhooks,
  SVIX_HEADERS,
  WEBHOOK_HEADERS,
} from './index.js';
import type { HeaderPairs, Scheme } from './index.js';
import published from './published-vectors.json' with { type: 'json' };
import { keyOf, TIMED_IN_ONE_HEADER } from './request.fixture.js';

/** Secrets of documentation and tests are often too short for use; `minimumBytes: 1` lets exactly these through. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  github: hmac({
    header: 'X-Hub-Signature-256',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
    secret: { minimumBytes: 1 },
  }),
  circleci: hmac({
    header: 'circleci-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: ',', prefix: 'v1=' },
    secret: { minimumBytes: 1 },
  }),
  pagerduty: hmac({
    header: 'X-PagerDuty-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: ',', prefix: 'v1=' },
  }),
  getstream: hmac({
    header: 'X-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  gocardless: hmac({
    header: 'Webhook-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  'coinbase-commerce': hmac({
    header: 'X-CC-Webhook-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  smartcar: hmac({
    header: 'SC-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  razorpay: hmac({
    header: 'X-Razorpay-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  'modern-treasury': hmac({
    header: 'X-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  pusher: hmac({
    header: 'X-Pusher-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  onfido: hmac({
    header: 'X-SHA2-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  'sinch-numbers': hmac({
    header: 'X-Sinch-Signature',
    algorithm: 'sha1',
    encoding: 'hex',
    secret: { minimumBytes: 1 },
  }),
  worldline: hmac({
    header: 'X-GCS-Signature',
    algorithm: 'sha256',
    encoding: 'base64',
    secret: { minimumBytes: 1 },
  }),
  line: hmac({
    header: 'x-line-signature',
    algorithm: 'sha256',
    encoding: 'base64',
    secret: { minimumBytes: 1 },
  }),
  'adyen-platform': hmac({
    header: 'HmacSignature',
    algorithm: 'sha256',
    encoding: 'base64',
    secret: { decode: 'hex' },
  }),
  easypost: hmac({
    header: 'X-Hmac-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'hmac-sha256-hex=' },
    secret: { minimumBytes: 1, derive: (secret) => Buffer.from(secret.toString().normalize('NFKD')) },
  }),
  slack: hmac({
    header: 'X-Slack-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'v0=' },
    content: 'v0:${timestamp}:${body}',
    timestamp: { header: 'X-Slack-Request-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  box: hmac({
    header: ['BOX-SIGNATURE-PRIMARY', 'BOX-SIGNATURE-SECONDARY'],
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${body}${timestamp}',
    timestamp: { header: 'BOX-DELIVERY-TIMESTAMP', unit: 'rfc3339', toleranceSeconds: 600 },
    secret: { minimumBytes: 1 },
  }),
  checkbook: hmac({
    header: 'Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'signature', timestamp: 'nonce' },
    content: '${body}${timestamp}',
    secret: { minimumBytes: 1 },
  }),
  mux: hmac({ ...TIMED_IN_ONE_HEADER, header: 'Mux-Signature', secret: { minimumBytes: 1 } }),
  orb: hmac({
    header: 'X-Orb-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: ' ', prefix: 'v1=' },
    content: 'v1:${timestamp}:${body}',
    timestamp: { header: 'X-Orb-Timestamp', unit: 'rfc3339', toleranceSeconds: 300 },
  }),
  paddle: hmac({
    header: 'Paddle-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ';', signature: 'h1', timestamp: 'ts' },
    content: '${timestamp}:${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 5 },
    secret: { minimumBytes: 1 },
  }),
  retell: hmac({
    header: 'X-Retell-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'd', timestamp: 'v' },
    content: '${body}${timestamp}',
    timestamp: { unit: 'milliseconds', toleranceSeconds: 300 },
    secret: { minimumBytes: 1 },
  }),
  sanity: hmac({
    header: 'sanity-webhook-signature',
    algorithm: 'sha256',
    encoding: 'base64url',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'milliseconds', toleranceSeconds: 300 },
    secret: { minimumBytes: 1 },
  }),
  hook0: hmac({
    header: 'X-Hook0-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v0', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
    secret: { minimumBytes: 1 },
  }),
  sinch: hmac({
    header: 'x-sinch-webhook-signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${body}.${header:x-sinch-webhook-signature-nonce}.${timestamp}',
    timestamp: { header: 'x-sinch-webhook-signature-timestamp', unit: 'seconds', toleranceSeconds: 300 },
    secret: { minimumBytes: 1 },
  }),
  square: hmac({
    header: 'x-square-hmacsha256-signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${url}${body}',
    secret: { minimumBytes: 1 },
  }),
  plivo: hmac({
    header: 'X-Plivo-Signature-V2',
    algorithm: 'sha256',
    encoding: 'base64',
    grammar: { kind: 'list', separator: ',' },
    content: '${url}${header:X-Plivo-Signature-V2-Nonce}',
    secret: { minimumBytes: 1 },
  }),
  'plivo form': hmacOverUrl({
    header: 'X-Plivo-Signature',
    algorithm: 'sha1',
    encoding: 'base64',
    secret: { minimumBytes: 1 },
  }),
  twilio: hmacOverUrl({
    header: 'X-Twilio-Signature',
    algorithm: 'sha1',
    encoding: 'base64',
    bodyHashParameter: 'bodySHA256',
    isDefaultPortOptional: true,
    areValuesDistinct: true,
    secret: { minimumBytes: 1 },
  }),
  cloudinary: digestWithSecret({
    header: 'X-Cld-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${body}${timestamp}${secret}',
    timestamp: { header: 'X-Cld-Timestamp', unit: 'seconds-or-milliseconds', toleranceSeconds: 300 },
    secret: { minimumBytes: 1 },
  }),
  'hubspot-v1': digestWithSecret({
    header: 'X-HubSpot-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${secret}${body}',
  }),
  'hubspot-v2': digestWithSecret({
    header: 'X-HubSpot-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${secret}${method}${url}${body}',
  }),
  'standard-webhooks': standardWebhooks(),
  svix: standardWebhooks({ headers: [SVIX_HEADERS, WEBHOOK_HEADERS], secret: { minimumBytes: 16 } }),
  openai: standardWebhooks(),
  finch: standardWebhooks({
    headers: [{ signature: 'Finch-Signature', id: 'Finch-Event-Id', timestamp: 'Finch-Timestamp' }],
  }),
  bird: jwtWithBodyHash({
    header: 'MessageBird-Signature-JWT',
    issuer: 'MessageBird',
    bodyClaim: { name: 'payload_hash', encoding: 'hex' },
    defaultToleranceSeconds: 0,
    freshClaims: () => ({}),
  }),
  sendgrid: publicKey({
    header: 'X-Twilio-Email-Event-Webhook-Signature',
    algorithm: { kind: 'ecdsa', hash: 'sha256', curve: 'P-256', signature: 'der' },
    encoding: 'base64',
    key: { format: 'spki-base64' },
    content: '${timestamp}${body}',
    timestamp: { header: 'X-Twilio-Email-Event-Webhook-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
};

const rows = published.map((vector) => [vector.of, vector.case, vector.source, vector] as const);

describe.each(rows)('the published vector of %s, "%s" (%s)', (_of, _case, _source, vector) => {
  const { secret, url, signedAt } = vector;
  const scheme = SCHEMES[vector.of];
  if (scheme === undefined) throw new Error(`no scheme for ${vector.of}`);
  const request = {
    method: 'POST',
    url,
    headers: vector.headers as unknown as HeaderPairs,
    body: Buffer.from(vector.body),
  };
  const clock = { nowMs: (signedAt ?? 0) * 1000 };
  const keys = [keyOf(scheme, secret)];

  test('is accepted', async () => {
    const verdict = await scheme.verify(request, keys, clock);
    expect(verdict).toMatchObject({ ok: true, keyId: 'key-1' });
    const signedAtMs = verdict.ok ? verdict.signedAtMs : null;
    // A token may say until when it is good without saying when it was made.
    if (signedAtMs !== null) expect(Math.floor(signedAtMs / 1000)).toBe(signedAt);
  });

  test('is refused with one more byte in what is signed', async () => {
    const isBodySigned = vector.of !== 'plivo';
    const altered = isBodySigned
      ? { ...request, body: Buffer.concat([request.body, Buffer.from('x')]) }
      : { ...request, url: `${url}/` };
    expect((await scheme.verify(altered, keys, clock)).ok).toBe(false);
  });

  if (signedAt === null) return;
  test('is refused an hour later', async () => {
    const late = { nowMs: clock.nowMs + 3_600_000 };
    expect(await scheme.verify(request, keys, late)).toEqual({
      ok: false,
      reason: 'timestamp_outside_tolerance',
    });
  });
});
