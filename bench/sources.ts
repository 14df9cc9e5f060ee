import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Signing, Target } from './load/load-spec.js';
import type { BenchedCallbox } from './servers.js';

/** The header that carries the sender's id where the provider has none of its own. */
export const EVENT_ID_HEADER = 'x-event-id';

const DEDUPE_BY_HEADER = { dedupe: { key: `header:${EVENT_ID_HEADER}` } };

/** A source that is signed for by HMAC-SHA256, the way that most providers do; duplicates are recognised. */
export async function hmacSource(callbox: BenchedCallbox, slug: string, key?: string): Promise<Target> {
  const { ingest_url: url } = await makeSource(
    callbox,
    { slug, provider: 'callbox', config: DEDUPE_BY_HEADER },
    key,
  );
  const secret = await makeSecret(callbox, { source: slug }, key);
  return { url, signing: hmacSigning(secret), eventIdHeader: EVENT_ID_HEADER };
}

/** How requests for a source of provider `callbox` are signed, and those to the servers that it is compared with. */
export function hmacSigning(secret: string): Signing {
  return { kind: 'hmac', header: 'callbox-signature', secret };
}

/** A source of QStash: a JWT over the URL and the hash of the body. */
export async function qstashSource(callbox: BenchedCallbox, slug: string): Promise<Target> {
  const { ingest_url: url } = await makeSource(callbox, { slug, provider: 'qstash' });
  const key = `sig_${randomBytes(20).toString('base64url').slice(0, 28)}`;
  await makeSecret(callbox, { source: slug, plain_secret: key });
  return { url, signing: { kind: 'qstash', key }, eventIdHeader: 'Upstash-Message-Id' };
}

/** A source whose provider signs with an Ed25519 key, which costs fifty times as much to verify. */
export async function ed25519Source(callbox: BenchedCallbox, slug: string): Promise<Target> {
  const { ingest_url: url } = await makeSource(callbox, {
    slug,
    provider: 'tokenio',
    config: DEDUPE_BY_HEADER,
  });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  await makeSecret(callbox, { source: slug, plain_secret: String(publicKey.export({ format: 'jwk' })['x']) });
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signing = { kind: 'ed25519', header: 'token-signature', privateKeyPem } as const;
  return { url, signing, eventIdHeader: EVENT_ID_HEADER };
}

function makeSource(
  callbox: BenchedCallbox,
  source: { readonly slug: string; readonly provider: string; readonly config?: object },
  key?: string,
): Promise<{ ingest_url: string }> {
  return callbox.call('POST', '/v1/sources', source, key);
}

async function makeSecret(
  callbox: BenchedCallbox,
  secret: { readonly source: string; readonly plain_secret?: string },
  key?: string,
): Promise<string> {
  const body = { label: 'bench', ...secret };
  return (await callbox.call<{ plain_secret: string }>('POST', '/v1/callback-secrets', body, key))
    .plain_secret;
}
