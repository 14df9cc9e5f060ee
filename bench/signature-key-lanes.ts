import { generateKeyPairSync, sign as signBytes, verify as verifyBytes, type KeyObject } from 'node:crypto';
import { detachedJws, jwtByPublishedKeys, publicKey, type Scheme } from '#signatures';
import { CLOCK, given, JSON_BODY, type Lane, NOW_MS, request, SECONDS } from './signature-lane.js';

/** Families whose sender holds a private key, with a body of 1 KB. */
export function keyFamilies(): readonly Lane[] {
  return [...publicKeyFamilies(), ...publishedKeyFamilies()];
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
