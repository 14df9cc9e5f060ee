import { createHash, createHmac } from 'node:crypto';

/** Lower-case hex HMAC-SHA256, as Runflow and Callbox itself sign. */
export function hexHmac(secret: string, body: string | Buffer): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/** A token as QStash makes it; `claims` override or, when `undefined`, remove single ones. */
export function qstashToken(
  key: string,
  request: { readonly url: string; readonly body: string | Buffer },
  claims: Readonly<Record<string, unknown>> = {},
): string {
  const now = Math.floor(Date.now() / 1_000);
  const payload = {
    aud: '',
    body: createHash('sha256').update(request.body).digest('base64url').padEnd(44, '='),
    exp: now + 300,
    iat: now,
    iss: 'Upstash',
    jti: 'jwt_2ygUKCG9hXVKtKoNYDLsDGQXGnLs',
    nbf: now,
    sub: request.url,
    ...claims,
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
