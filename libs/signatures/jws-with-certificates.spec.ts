import { sign as signBytes } from 'node:crypto';
import { jwsWithCertificates, refused } from './index.js';
import { type Certified, type CertificateRequest, certify } from './certificates.fixture.js';
import { keyOf, post } from './request.fixture.js';

const NOW_MS = Date.UTC(2026, 5, 1);
const CLOCK = { nowMs: NOW_MS };
// 1.2.840.113635.100.6.11.1 and …6.2.1: the marks of Apple's certificates for receipts and of their issuer.
const LEAF_MARK = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x06, 0x0b, 0x01];
const ISSUER_MARK = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x06, 0x02, 0x01];

const elliptic = (request: CertificateRequest) => certify({ isElliptic: true, ...request });
const root = elliptic({ subject: 'Root', isAuthority: true });
const issuer = elliptic({ subject: 'Issuer', issuer: root, isAuthority: true, extension: ISSUER_MARK });
const leaf = elliptic({ subject: 'Leaf', issuer, extension: LEAF_MARK });

const scheme = jwsWithCertificates({
  place: { json: '/signedPayload' },
  algorithms: ['ES256'],
  anchors: [root.pem],
  extensions: ['1.2.840.113635.100.6.11.1', '1.2.840.113635.100.6.2.1'],
  timestamp: { claim: '/signedDate', unit: 'milliseconds', toleranceSeconds: null },
  expectedClaims: (bundleId) => ({ '/data/bundleId': bundleId }),
});
const keys = [keyOf(scheme, 'com.example.app')];

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const derOf = ({ pem }: Certified) => pem.replace(/-----[A-Z ]+-----|\n/g, '');
const CLAIMS = {
  notificationUUID: 'n-1',
  signedDate: NOW_MS - 86_400_000,
  data: { bundleId: 'com.example.app' },
};

interface Token {
  readonly claims?: object;
  readonly chain?: readonly Certified[];
  readonly header?: object;
  readonly signer?: Certified;
}

function signedRequest({
  claims = CLAIMS,
  chain = [leaf, issuer, root],
  header = {},
  signer = leaf,
}: Token = {}) {
  const input = `${base64url({ alg: 'ES256', x5c: chain.map(derOf), ...header })}.${base64url(claims)}`;
  const signature = signBytes('sha256', Buffer.from(input), {
    key: signer.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  const signedPayload = `${input}.${signature.toString('base64url')}`;
  return post(JSON.stringify({ signedPayload }));
}

function verify(token: Token = {}) {
  return scheme.verify(signedRequest(token), keys, CLOCK);
}

describe('a JWS that brings its certificates', () => {
  test('is accepted up to the configured root, with the root or without', () => {
    expect(verify()).toEqual({ ok: true, keyId: 'key-1', signedAtMs: CLAIMS.signedDate });
    expect(verify({ chain: [leaf, issuer] })).toMatchObject({ ok: true });
  });

  test('is refused for another app, and by another signer', () => {
    expect(verify({ claims: { ...CLAIMS, data: { bundleId: 'com.other' } } })).toEqual(
      refused('claim_invalid'),
    );
    expect(verify({ signer: issuer })).toEqual(refused('signature_mismatch'));
    expect(verify({ claims: { data: CLAIMS.data } })).toEqual(refused('claim_invalid'));
  });

  test.each<[what: string, chain: () => readonly Certified[]]>([
    ['of another root', () => strangers()],
    ['that skips a link', () => [leaf, root]],
    ['of a leaf without its mark', () => [elliptic({ subject: 'Leaf', issuer }), issuer, root]],
    [
      'whose issuer has not its mark',
      () => {
        const plain = elliptic({ subject: 'Issuer', issuer: root, isAuthority: true });
        return [elliptic({ subject: 'Leaf', issuer: plain, extension: LEAF_MARK }), plain, root];
      },
    ],
    [
      'whose issuer is no authority',
      () => {
        const plain = elliptic({ subject: 'Issuer', issuer: root, extension: ISSUER_MARK });
        return [elliptic({ subject: 'Leaf', issuer: plain, extension: LEAF_MARK }), plain, root];
      },
    ],
    [
      'that has expired',
      () => [elliptic({ subject: 'Leaf', issuer, extension: LEAF_MARK, until: '2025-01-01' }), issuer, root],
    ],
    ['of an RSA key', () => [certify({ subject: 'Leaf', issuer, extension: LEAF_MARK }), issuer, root]],
  ])('is refused with a chain %s', (_what, makeChain) => {
    const chain = makeChain();
    const [signer = leaf] = chain;
    const isElliptic = signer.privateKey.asymmetricKeyType === 'ec';
    expect(verify({ chain, signer: isElliptic ? signer : leaf })).toEqual(refused('claim_invalid'));
  });

  test.each<[what: string, header: object]>([
    ['another algorithm', { alg: 'RS256' }],
    ['none', { alg: 'none' }],
    ['no chain', { x5c: [] }],
    ['a chain that is no list', { x5c: derOf(leaf) }],
    ['a chain that is no certificate', { x5c: ['AAAA'] }],
    ['a chain without end', { x5c: Array.from({ length: 6 }, () => derOf(leaf)) }],
    ['a critical extension', { crit: ['x'], x: 1 }],
  ])('is malformed with %s in its header', (_what, header) => {
    expect(verify({ header })).toEqual(refused('signature_malformed'));
  });

  test.each(['', '{}', '{"signedPayload":null}', '{"signedPayload":"a.b.c"}', '[]'])(
    'is not in %j',
    (body) => {
      expect(scheme.verify(post(body), keys, CLOCK)).toMatchObject({ ok: false });
    },
  );

  test('may be judged by a function of its claims', () => {
    const judging = jwsWithCertificates({
      place: { json: '/signedPayload' },
      algorithms: ['ES256'],
      anchors: [root.pem],
      expectedClaims: (text) => (text === 'nobody' ? null : (claims) => claims.notificationUUID === text),
    });
    const request = signedRequest();
    const outcome = (text: string) => judging.verify(request, [keyOf(judging, text)], CLOCK);
    expect(outcome('n-1')).toMatchObject({ ok: true });
    expect(outcome('n-2')).toEqual(refused('claim_invalid'));
    expect(judging.prepareKey('nobody').ok).toBe(false);
  });

  test('needs somebody it is meant for', () => {
    expect(scheme.verify(post('{}'), [], CLOCK)).toEqual(refused('no_secret'));
    expect(scheme.prepareKey('').ok).toBe(false);
  });
});

function strangers(): readonly Certified[] {
  const otherRoot = elliptic({ subject: 'Root', isAuthority: true });
  const otherIssuer = elliptic({
    subject: 'Issuer',
    issuer: otherRoot,
    isAuthority: true,
    extension: ISSUER_MARK,
  });
  return [elliptic({ subject: 'Leaf', issuer: otherIssuer, extension: LEAF_MARK }), otherIssuer, otherRoot];
}
