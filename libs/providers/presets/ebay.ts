import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import {
  type HandedOutKeys,
  type NamedSignature,
  parseJson,
  type Scheme,
  signatureByHandedOutKey,
} from '#signatures';
import { json } from '../locators.js';
import type { Callback, Handshake, ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  environment: z
    .enum(['production', 'sandbox'])
    .default('production')
    .meta({ description: 'Which of the two the keyset of the app belongs to' }),
  verification_token: z
    .string()
    .regex(/^[\w-]{32,80}$/)
    .optional()
    .meta({ description: 'The verification token that eBay was given along with the URL' }),
});

const HARMLESS = /^[\w-]{1,256}$/;

/** The question is only answered where a token was set: without one, anybody's URL could be claimed for this source. */
const handshake: Handshake = {
  description:
    'GET with challenge_code is answered with its hash, together with verification_token and the URL.',
  methods: ['GET'],
  isSigned: false,
  answer: (request, { config }) => {
    const code = challengeOf(request);
    const token = config.verification_token;
    if (code === null || typeof token !== 'string' || token === '') return null;
    const [endpoint = ''] = request.url.split('?', 1);
    return {
      status: 200,
      headers: [['Content-Type', 'application/json']],
      body: JSON.stringify({ challengeResponse: hash('sha256', code + token + endpoint, 'hex') }),
    };
  },
};

/** Notifications signed with SHA-1 and a key that eBay hands out by id to its developers' applications. */
export const ebay: ProviderPreset = {
  id: 'ebay',
  name: 'eBay',
  docsUrl: 'https://developer.ebay.com/api-docs/commerce/notification/overview.html',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: {
    format:
      'App ID (client id) and Cert ID (client secret) with a colon between them; used to fetch the keys',
    source: 'imported',
  },
  eventId: json('/notification/notificationId'),
  eventType: json('/metadata/topic'),
  uncovered: 'The URL and the age: whoever saw a callback can send it again.',
  handshake,
  setup: [
    'In the eBay developer portal: Application Keys; import "<App ID>:<Cert ID>" as a callback secret.',
    'Set verification_token of the source to a random text of 32 to 80 letters, digits, _ and -.',
    'In the eBay developer portal: Alerts & Notifications, endpoint {ingest_url} and the same verification token; it is verified at once.',
  ],
};

function schemeOf({ environment }: z.output<typeof Settings>): Scheme {
  const host = environment === 'sandbox' ? 'https://api.sandbox.ebay.com' : 'https://api.ebay.com';
  return signatureByHandedOutKey({
    header: 'X-EBAY-SIGNATURE',
    read: envelope,
    hash: 'sha1',
    keys: keysOf(host),
  });
}

/** The header: JSON in base64 that names the key and the algorithm, of which there is one. */
function envelope(value: string): NamedSignature | null {
  const document = parseJson(strictBase64(value));
  if (typeof document !== 'object' || document === null) return null;
  const { alg, kid, signature, digest } = document as Readonly<Record<string, unknown>>;
  if (alg !== 'ecdsa' || digest !== 'SHA1' || typeof kid !== 'string' || typeof signature !== 'string')
    return null;
  const bytes = strictBase64(signature);
  return bytes.length === 0 ? null : { keyId: kid, signature: bytes };
}

function keysOf(host: string): HandedOutKeys {
  return {
    keyId: /^[0-9A-Za-z-]{1,64}$/,
    ask: async (ask, { clientId, secret }, keyId) => {
      const answer = await ask(`${host}/identity/v1/oauth2/token`, {
        method: 'POST',
        headers: [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ['Authorization', `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`],
        ],
        body: 'grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope',
        name: 'access token',
      });
      const token = textIn(answer, 'access_token');
      if (token === null || !/^[\x21-\x7e]+$/.test(token)) return null;
      return ask(`${host}/commerce/notification/v1/public_key/${keyId}`, {
        headers: [['Authorization', `Bearer ${token}`]],
        name: keyId,
      });
    },
    read: (answer) => publicKeyIn(textIn(answer, 'key')),
  };
}

/** eBay prints PEM in one line, which node:crypto does not read. */
function publicKeyIn(pem: string | null): KeyObject | null {
  const der = strictBase64((pem ?? '').replace(/-----(?:BEGIN|END) PUBLIC KEY-----|\s/g, ''));
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

function textIn(answer: Buffer | null, member: string): string | null {
  const document = answer === null ? undefined : parseJson(answer);
  const value =
    typeof document === 'object' && document !== null ? (document as Record<string, unknown>)[member] : null;
  return typeof value === 'string' ? value : null;
}

function strictBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : Buffer.alloc(0);
}

function challengeOf({ method, url }: Callback): string | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const [code, ...others] = new URL(url).searchParams.getAll('challenge_code');
  return code !== undefined && others.length === 0 && HARMLESS.test(code) ? code : null;
}
