import {
  createHash,
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  hash,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
  type KeyObject,
} from 'node:crypto';
import {
  detachedJws,
  digestWithSecret,
  hmac,
  hmacInBody,
  hmacOverUrl,
  jwtByPublishedKeys,
  jwtWithBodyHash,
  publicKey,
  sharedToken,
  standardWebhooks,
  type HeaderPairs,
  type Scheme,
  type SignedRequest,
  type Verdict,
} from '#signatures';

/** One family: a verification as the inbox does it, and the bare calls of node:crypto that it needs. */
export interface Lane {
  readonly name: string;
  readonly isAsync?: boolean;
  ours(): Verdict | Promise<Verdict>;
  bare(): unknown;
  /** The computation alone, without the comparison in constant time. */
  call?(): unknown;
}

/** The calls of node:crypto that a verification needs. */
type Needed = Required<Pick<Lane, 'bare' | 'call'>>;

const NOW_MS = 1_790_000_000_000;
const SECONDS = String(NOW_MS / 1000);
const CLOCK = { nowMs: NOW_MS };
const URL_TOLD = 'https://inbox.example.com/in/acme/source';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const JSON_BODY = Buffer.from(JSON.stringify({ id: 'evt_1', type: 'order.paid', text: 'x'.repeat(980) }));

// What a proxy in front of an inbox passes on; the signature headers come last.
const USUAL_HEADERS: HeaderPairs = [
  ['host', 'inbox.example.com'],
  ['user-agent', 'Sender/1.0 (+https://sender.example)'],
  ['content-length', '1024'],
  ['accept', '*/*'],
  ['accept-encoding', 'gzip'],
  ['content-type', 'application/json'],
  ['x-forwarded-for', '203.0.113.7'],
  ['x-forwarded-proto', 'https'],
];

function request(headers: HeaderPairs = [], body: Buffer = JSON_BODY, url = URL_TOLD): SignedRequest {
  return { method: 'POST', url, headers: [...USUAL_HEADERS, ...headers], body };
}

/** A lane whose request is signed by the scheme itself. */
async function signed(
  name: string,
  scheme: Scheme,
  needed: (key: KeyObject) => Needed,
  facts: { unsigned?: SignedRequest; secret?: string } = {},
): Promise<Lane> {
  const { unsigned = request(), secret = SECRET } = facts;
  const prepared = scheme.prepareKey(secret);
  if (!prepared.ok || scheme.sign === undefined) throw new Error(`${name}: cannot sign`);
  const keys = [{ id: 'key', material: prepared.material }];
  const headers = [...unsigned.headers, ...(await scheme.sign(unsigned, keys, CLOCK))];
  const ready = { ...unsigned, headers };
  const keyObject = createSecretKey(Buffer.from(secret));
  return { name, ours: () => scheme.verify(ready, keys, CLOCK), ...needed(keyObject) };
}

/** One HMAC of what is signed, in one piece and as bytes, and the comparison in constant time. */
const macOf =
  (content: Buffer, algorithm = 'sha256') =>
  (key: KeyObject): Needed => {
    const expected = createHmac(algorithm, key).update(content).digest();
    return {
      bare: () => timingSafeEqual(createHmac(algorithm, key).update(content).digest(), expected),
      call: () => createHmac(algorithm, key).update(content).digest('hex'),
    };
  };

interface Given {
  readonly name: string;
  readonly scheme: Scheme;
  readonly plainKey: string;
  readonly ready: SignedRequest;
  readonly bare: () => unknown;
}

/** A lane whose request somebody else signed. */
function given({ name, scheme, plainKey, ready, bare }: Given): Lane {
  const prepared = scheme.prepareKey(plainKey);
  if (!prepared.ok) throw new Error(`${name}: ${prepared.problem}`);
  const keys = [{ id: 'key', material: prepared.material }];
  return { name, ours: () => scheme.verify(ready, keys, CLOCK), bare };
}

/** Every family with a body of 1 KB. */
export async function families(): Promise<readonly Lane[]> {
  return [
    ...(await sharedSecretFamilies()),
    ...fieldFamilies(),
    ...publicKeyFamilies(),
    ...publishedKeyFamilies(),
  ];
}

function sharedSecretFamilies(): Promise<Lane[]> {
  const form = Buffer.from(
    `AccountSid=AC123&From=%2B15551234567&To=%2B15557654321&MessageSid=SM123&Body=${'x'.repeat(920)}`,
  );
  const formText =
    'AccountSidAC123' + `Body${'x'.repeat(920)}` + 'From+15551234567MessageSidSM123To+15557654321';
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
    signed(
      'HMAC of URL and sorted form',
      hmacOverUrl({
        header: 'X-Twilio-Signature',
        algorithm: 'sha1',
        encoding: 'base64',
        bodyHashParameter: 'bodySHA256',
        isDefaultPortOptional: true,
        areValuesDistinct: true,
      }),
      macOf(Buffer.from(URL_TOLD + formText), 'sha1'),
      {
        unsigned: { ...request([], form), headers: [['content-type', 'application/x-www-form-urlencoded']] },
      },
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

function publicKeyFamilies(): Lane[] {
  const ed25519 = generateKeyPairSync('ed25519');
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const timed = Buffer.concat([Buffer.from(SECONDS), JSON_BODY]);
  const edSignature = signBytes(null, timed, ed25519.privateKey);
  const ecSignature = signBytes('sha256', JSON_BODY, p256.privateKey);
  const rsaSignature = signBytes('sha256', JSON_BODY, rsa.privateKey);
  const raw = Buffer.from(ed25519.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
  return [
    given({
      name: 'Ed25519 of time and body',
      scheme: publicKey({
        header: 'X-Signature-Ed25519',
        algorithm: { kind: 'ed25519' },
        encoding: 'hex-any-case',
        key: { format: 'raw-hex' },
        content: '${timestamp}${body}',
        timestamp: { header: 'X-Signature-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
      }),
      plainKey: raw,
      ready: request([
        ['X-Signature-Ed25519', edSignature.toString('hex')],
        ['X-Signature-Timestamp', SECONDS],
      ]),
      bare: () => verifyBytes(null, timed, ed25519.publicKey, edSignature),
    }),
    given({
      name: 'ECDSA P-256',
      scheme: publicKey({
        header: 'X-Signature',
        algorithm: { kind: 'ecdsa', hash: 'sha256', curve: 'P-256', signature: 'der' },
        encoding: 'base64',
        key: { format: 'pem' },
      }),
      plainKey: pem(p256.publicKey),
      ready: request([['X-Signature', ecSignature.toString('base64')]]),
      bare: () => verifyBytes('sha256', JSON_BODY, p256.publicKey, ecSignature),
    }),
    given({
      name: 'RSA 2048',
      scheme: publicKey({
        header: 'X-Signature',
        algorithm: { kind: 'rsa', hash: 'sha256' },
        encoding: 'base64',
        key: { format: 'pem' },
      }),
      plainKey: pem(rsa.publicKey),
      ready: request([['X-Signature', rsaSignature.toString('base64')]]),
      bare: () => verifyBytes('sha256', JSON_BODY, rsa.publicKey, rsaSignature),
    }),
  ];
}

/** RS256 with keys from a JWK set that lies in a cache, as it does between two fetches. */
function publishedKeyFamilies(): Lane[] {
  const { publicKey: key, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const set = Buffer.from(
    JSON.stringify({ keys: [{ ...key.export({ format: 'jwk' }), kid: 'a', alg: 'RS256' }] }),
  );
  const published = () => Promise.resolve(set);
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const oidcInput = `${segment({ alg: 'RS256', kid: 'a' })}.${segment({ iss: 'https://issuer', aud: 'us', exp: NOW_MS / 1000 + 60 })}`;
  const jwsHeader = segment({ alg: 'RS256', kid: 'a', b64: false, crit: ['b64'] });
  const jwsInput = Buffer.concat([Buffer.from(`${jwsHeader}.`), JSON_BODY]);
  const keysUrl = 'https://issuer.example/jwks';
  const oidc = jwtByPublishedKeys({
    place: { header: 'Authorization', valuePrefix: 'Bearer ' },
    algorithms: ['RS256'],
    issuer: 'https://issuer',
    keysUrl,
    defaultToleranceSeconds: 0,
    expectedClaims: (aud) => ({ aud }),
  });
  const detached = detachedJws({
    header: 'Saleor-Signature',
    algorithms: ['RS256'],
    isPayloadRaw: true,
    subscription: (url) => ({ keysUrl: url }),
  });
  return [
    {
      name: 'OpenID Connect token, RS256',
      scheme: oidc,
      plain: 'us',
      header: 'Authorization',
      input: Buffer.from(oidcInput),
      prefix: `Bearer ${oidcInput}.`,
    },
    {
      name: 'detached JWS, RS256',
      scheme: detached,
      plain: keysUrl,
      header: 'Saleor-Signature',
      input: jwsInput,
      prefix: `${jwsHeader}..`,
    },
  ].map(({ name, scheme, plain, header, input, prefix }): Lane => {
    const signature = signBytes('sha256', input, privateKey);
    const prepared = (scheme as Scheme).prepareKey(plain);
    if (!prepared.ok) throw new Error(prepared.problem);
    const keys = [{ id: 'key', material: prepared.material }];
    const ready = request([[header, prefix + signature.toString('base64url')]]);
    return {
      name,
      isAsync: true,
      ours: () => (scheme as Scheme).verify(ready, keys, CLOCK, published),
      bare: () => verifyBytes('sha256', input, key, signature),
    };
  });
}
