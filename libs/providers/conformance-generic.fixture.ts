import { generateKeyPairSync, sign } from 'node:crypto';
import { parseJson, type HeaderPairs, type PublishedDocuments } from '#signatures';
import { type Genuine, similarSecret } from './conformance.fixture.js';
import { schemeOf } from './configure.js';
import { findPreset } from './index.js';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const NOW_SECONDS = NOW_MS / 1000;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const URL_TOLD = 'https://inbox.example/in/acme/orders/sub?x=1&y=%2F';
const JSON_BODY = Buffer.from('{"type":"order.paid","id":"evt_1","note":"José 😀"}');

/** A provider that has no vector, because it is nobody's or because its own spec has them, in one of its settings. */
interface Setting {
  readonly id: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly secret?: string;
  /** What carries the credential, where nothing is signed. */
  readonly headers?: HeaderPairs;
  readonly url?: string;
  readonly published?: PublishedDocuments;
}

const PASSWORD = 'callbox:correct horse battery';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const AUDIENCE = 'https://inbox.example/in/acme/orders';

/** A token of an OpenID Connect issuer (RS256), made without a library. */
function tokenOf(issuer: string): string {
  const claims = { iss: issuer, aud: AUDIENCE, sub: '1', iat: NOW_SECONDS, exp: NOW_SECONDS + 3600 };
  const content = [{ alg: 'RS256', typ: 'JWT', kid: 'a' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${content}.${sign('sha256', Buffer.from(content), privateKey).toString('base64url')}`;
}

function publishedAt(address: string): PublishedDocuments {
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'a' }];
  const document = Buffer.from(JSON.stringify({ keys }));
  return (url) => Promise.resolve(url === address ? document : null);
}

function tokenSetting(
  issuer: string,
  keysUrl: string,
  settings?: Setting['settings'],
): Setting & { readonly id: 'oidc' } {
  const headers: HeaderPairs = [['Authorization', `Bearer ${tokenOf(issuer)}`]];
  return {
    id: 'oidc',
    secret: AUDIENCE,
    headers,
    published: publishedAt(keysUrl),
    ...(settings === undefined ? {} : { settings }),
  };
}

const SETTINGS: readonly Setting[] = [
  { id: 'callbox' },
  { id: 'runflow' },
  { id: 'qstash', secret: 'sig_4a6LcZ9kD1uXw8tRn2mB7vQe3sYh' },
  { id: 'upstash-workflow', secret: 'sig_4a6LcZ9kD1uXw8tRn2mB7vQe3sYh' },
  { id: 'hmac' },
  { id: 'hmac', settings: { header: 'X-Hub-Signature', algorithm: 'sha1', prefix: 'sha1=' } },
  { id: 'hmac', settings: { algorithm: 'sha512', encoding: 'base64', timestamp_header: 'X-Timestamp' } },
  { id: 'hmac', settings: { template: '${method}\n${url}\n${body}' } },
  { id: 'hmac', settings: { timestamp_header: 'X-Time', template: 'v0:${timestamp}:${body}' } },
  { id: 'hmac-timestamped' },
  {
    id: 'hmac-timestamped',
    settings: { timestamp_field: 'ts', signature_field: 'h1', template: '${body}${timestamp}' },
  },
  { id: 'hmac-timestamped', settings: { algorithm: 'sha512', encoding: 'base64' } },
  { id: 'standard-webhooks' },
  { id: 'jwt' },
  {
    id: 'jwt',
    settings: {
      header: 'X-Token',
      prefix: '',
      issuer: 'orders',
      body_claim: 'sha256',
      body_encoding: 'hex',
      url_claim: 'sub',
    },
  },
  { id: 'grafana', settings: { timestamp_header: 'X-Grafana-Time' } },
  { id: 'convoy', settings: { mode: 'advanced', algorithm: 'sha512', encoding: 'base64' } },
  tokenSetting('https://accounts.google.com', 'https://www.googleapis.com/oauth2/v3/certs'),
  tokenSetting('https://issuer.example', 'https://issuer.example/keys', {
    issuer: 'https://issuer.example',
    jwks_url: 'https://issuer.example/keys',
  }),
  { id: 'bearer', headers: [['Authorization', `Bearer ${SECRET}`]] },
  {
    id: 'basic',
    secret: PASSWORD,
    headers: [['Authorization', `Basic ${Buffer.from(PASSWORD).toString('base64')}`]],
  },
  { id: 'api-key', headers: [['X-Api-Key', SECRET]] },
  { id: 'api-key', settings: { header: 'X-Orders-Key' }, headers: [['X-Orders-Key', SECRET]] },
  {
    id: 'api-key',
    settings: { query_parameter: 'key' },
    url: `https://inbox.example/in/acme/orders?key=${encodeURIComponent(SECRET)}`,
  },
];

/** Requests to the providers without vectors, each in its settings; those that can be signed are not signed yet. */
export function genericRequests(): readonly Genuine[] {
  return SETTINGS.map(({ id, settings, secret = SECRET, headers = [], url = URL_TOLD, published }) => {
    const preset = findPreset(id);
    if (preset === null) throw new Error(`no preset ${id}`);
    return {
      title: settings === undefined ? id : `${id} ${JSON.stringify(settings)}`,
      preset,
      scheme: schemeOf(preset, settings ?? {}),
      request: {
        method: 'POST',
        url,
        headers: [['Content-Type', 'application/json'], ...headers],
        body: JSON_BODY,
        json: parseJson(JSON_BODY),
      },
      secret,
      otherSecret: similarSecret(secret),
      nowMs: NOW_MS,
      ...(published === undefined ? {} : { published }),
    };
  });
}
