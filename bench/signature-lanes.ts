import { createHash, createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import {
  digestWithSecret,
  hmac,
  hmacInBody,
  hmacOverUrl,
  jwtWithBodyHash,
  sharedToken,
  standardWebhooks,
} from '#signatures';
import {
  given,
  JSON_BODY,
  type Lane,
  macOf,
  request,
  SECONDS,
  SECRET,
  signed,
  URL_TOLD,
  withReading,
} from './signature-lane.js';

/** Families of shared secrets with a body of 1 KB. */
export async function secretFamilies(): Promise<readonly Lane[]> {
  return [...(await sharedSecretFamilies()), ...fieldFamilies()];
}

function sharedSecretFamilies(): Promise<Lane[]> {
  const form = Buffer.from(
    `AccountSid=AC123&From=%2B15551234567&To=%2B15557654321&MessageSid=SM123&Body=${'x'.repeat(920)}`,
  );
  const formText =
    'AccountSidAC123' + `Body${'x'.repeat(920)}` + 'From+15551234567MessageSidSM123To+15557654321';
  const sorted = {
    name: 'HMAC of URL and sorted form',
    scheme: hmacOverUrl({
      header: 'X-Twilio-Signature',
      algorithm: 'sha1',
      encoding: 'base64',
      bodyHashParameter: 'bodySHA256',
      isDefaultPortOptional: true,
      areValuesDistinct: true,
    }),
    mac: macOf(Buffer.from(URL_TOLD + formText), 'sha1'),
    facts: {
      unsigned: {
        ...request([], form),
        headers: [['content-type', 'application/x-www-form-urlencoded']] as const,
      },
    },
  };
  const whsec = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  return Promise.all([
    signed(
      'HMAC-SHA256 of the body, hex',
      hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' }),
      macOf(JSON_BODY),
    ),
    signed(
      'HMAC-SHA256 of the body, base64',
      hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'base64' }),
      macOf(JSON_BODY),
    ),
    signed(
      'HMAC-SHA1 of the body, with a prefix',
      hmac({
        header: 'X-Signature',
        algorithm: 'sha1',
        encoding: 'hex',
        grammar: { kind: 'bare', prefix: 'sha1=' },
      }),
      macOf(JSON_BODY, 'sha1'),
    ),
    signed(
      'HMAC-SHA512 of the body, hex',
      hmac({ header: 'X-Signature', algorithm: 'sha512', encoding: 'hex' }),
      macOf(JSON_BODY, 'sha512'),
    ),
    signed(
      'HMAC of time and body, one header (t=…,v1=…)',
      hmac({
        header: 'Stripe-Signature',
        algorithm: 'sha256',
        encoding: 'hex',
        grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
        content: '${timestamp}.${body}',
        timestamp: { unit: 'seconds', toleranceSeconds: 300 },
      }),
      macOf(Buffer.concat([Buffer.from(`${SECONDS}.`), JSON_BODY])),
    ),
    signed(
      'HMAC of time and body, two headers',
      hmac({
        header: 'X-Slack-Signature',
        algorithm: 'sha256',
        encoding: 'hex',
        grammar: { kind: 'bare', prefix: 'v0=' },
        content: 'v0:${timestamp}:${body}',
        timestamp: { header: 'X-Slack-Request-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
      }),
      macOf(Buffer.concat([Buffer.from(`v0:${SECONDS}:`), JSON_BODY])),
    ),
    signed(
      'Standard Webhooks',
      standardWebhooks(),
      macOf(Buffer.concat([Buffer.from(`msg_${'a'.repeat(24)}.${SECONDS}.`), JSON_BODY])),
      { secret: whsec },
    ),
    signed(
      'HMAC of URL and body',
      hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'base64', content: '${url}${body}' }),
      macOf(Buffer.concat([Buffer.from(URL_TOLD), JSON_BODY])),
    ),
    signed(sorted.name, sorted.scheme, sorted.mac, sorted.facts),
    signed(
      'the same, URLSearchParams counted as needed',
      sorted.scheme,
      withReading(form, sorted.mac),
      sorted.facts,
    ),
    signed(
      'digest with the secret',
      digestWithSecret({
        header: 'X-Signature',
        algorithm: 'sha256',
        encoding: 'hex',
        content: '${secret}${body}',
      }),
      () => {
        const digest = () => createHash('sha256').update(SECRET).update(JSON_BODY).digest();
        const expected = digest();
        return { bare: () => timingSafeEqual(digest(), expected), call: digest };
      },
    ),
    jwtLane(),
  ]);
}

/** Needs the HMAC of the token and the SHA-256 of the body. */
function jwtLane(): Promise<Lane> {
  const scheme = jwtWithBodyHash({
    header: 'Upstash-Signature',
    issuer: 'Upstash',
    bodyClaim: { name: 'body', encoding: 'base64url' },
    urlClaim: 'sub',
    defaultToleranceSeconds: 0,
    freshClaims: ({ bodyHash, nowSeconds, url }) => ({
      aud: '',
      body: bodyHash,
      exp: nowSeconds + 300,
      iat: nowSeconds,
      iss: 'Upstash',
      jti: 'jwt_1',
      nbf: nowSeconds,
      sub: url,
    }),
  });
  const signingInput = 'x'.repeat(330);
  return signed('JWT with a body hash', scheme, (key) => {
    const call = () =>
      [createHmac('sha256', key).update(signingInput).digest(), hash('sha256', JSON_BODY, 'buffer')] as const;
    const [mac, digest] = call();
    const bare = () => {
      const [ownMac, ownDigest] = call();
      return timingSafeEqual(ownMac, mac) && timingSafeEqual(ownDigest, digest);
    };
    return { bare, call };
  });
}

/** The signature stands in the body, which must be read before it can be verified: JSON.parse is no call of node:crypto. */
function fieldFamilies(): Lane[] {
  const key = createSecretKey(Buffer.from(SECRET));
  const signature = createHmac('sha256', key).update(`${SECONDS}token`).digest('hex');
  const body = Buffer.from(
    JSON.stringify({
      signature: { timestamp: SECONDS, token: 'token', signature },
      'event-data': 'x'.repeat(900),
    }),
  );
  const scheme = hmacInBody({
    algorithm: 'sha256',
    encoding: 'hex',
    signature: '/signature/signature',
    content: ['/signature/timestamp', '/signature/token'],
    timestamp: { jsonPointer: '/signature/timestamp', unit: 'seconds', toleranceSeconds: 300 },
  });
  const { bare } = macOf(Buffer.from(`${SECONDS}token`))(key);
  const digest = hash('sha256', SECRET, 'buffer');
  const inBody = { scheme, plainKey: SECRET, ready: request([], body) };
  return [
    given({ ...inBody, name: 'HMAC of fields in a JSON body', bare }),
    given({
      ...inBody,
      name: 'the same, JSON.parse counted as needed',
      bare: () => [JSON.parse(body.toString()) as unknown, bare()],
    }),
    given({
      name: 'shared token',
      scheme: sharedToken({ header: 'X-Gitlab-Token' }),
      plainKey: SECRET,
      ready: request([['X-Gitlab-Token', SECRET]]),
      bare: () => timingSafeEqual(hash('sha256', SECRET, 'buffer'), digest),
    }),
  ];
}
