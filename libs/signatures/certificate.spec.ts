import { sign as signBytes } from 'node:crypto';
import { certify, type Certified } from './certificates.fixture.js';
import { certificateSignature, certifiedHeaders, certifiedJson } from './index.js';
import type { CertificateOptions, HashAlgorithm, HeaderPairs, PublishedDocuments, Scheme } from './index.js';
import { keyOf, post } from './request.fixture.js';

const NOW_MS = Date.UTC(2026, 5, 1);
const CLOCK = { nowMs: NOW_MS };
const refusal = (reason: string) => ({ ok: false, reason });

const root = certify({ subject: 'Root', isAuthority: true });
const authority = certify({ subject: 'Authority', issuer: root, isAuthority: true });
const leaf = certify({ subject: 'messages.example', issuer: authority, host: 'messages.example' });
const stranger = certify({ subject: 'messages.example', host: 'messages.example' });

const hashes = new Map<string, HashAlgorithm>([
  ['1', 'sha1'],
  ['2', 'sha256'],
]);

/** As AWS SNS has it: signed fields in the JSON body, one certificate, the topic as the name of the subscription. */
const SNS: CertificateOptions = {
  name: 'sns',
  read: certifiedJson({
    signature: 'Signature',
    certificateUrl: 'SigningCertURL',
    algorithm: { field: 'SignatureVersion', hashes },
    timestamp: { field: 'Timestamp', unit: 'rfc3339' },
    identifier: 'TopicArn',
    kind: {
      field: 'Type',
      signedFields: new Map([
        ['Notification', ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']],
        [
          'SubscriptionConfirmation',
          ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
        ],
      ]),
    },
  }),
  certificateUrl: { host: /^sns\.[a-z0-9-]{3,}\.amazonaws\.com$/, path: /^\/[\w-]+\.pem$/ },
  toleranceSeconds: null,
  identifierProblem: (text) =>
    /^arn:aws[\w-]*:sns:/.test(text) ? null : 'the text is not the ARN of a topic',
};

const CERTIFICATE_URL = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem';
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:orders';
const sns = certificateSignature(SNS);
const keys = [keyOf(sns, 'arn:aws:sns:eu-west-1:123456789012:other', 'other'), keyOf(sns, TOPIC, 'orders')];

type Fields = Record<string, string>;

const NOTIFICATION: Fields = {
  Type: 'Notification',
  MessageId: 'm-1',
  TopicArn: TOPIC,
  Message: 'héllo\nworld',
  Timestamp: '2026-06-01T00:00:00.000Z',
  SignatureVersion: '2',
  SigningCertURL: CERTIFICATE_URL,
};

function signedFields(fields: Fields, order: readonly string[], signer: Certified = leaf): Fields {
  const content = order.map((name) => `${name}\n${fields[name] ?? ''}\n`).join('');
  const hash = fields.SignatureVersion === '1' ? 'sha1' : 'sha256';
  return {
    ...fields,
    Signature: signBytes(hash, Buffer.from(content), signer.privateKey).toString('base64'),
  };
}

const ORDER = ['Message', 'MessageId', 'Timestamp', 'TopicArn', 'Type'];
const GENUINE = signedFields(NOTIFICATION, ORDER);

/** One who publishes a document at one URL and counts what is asked of it. */
function publisher(
  document: string | null,
  url = CERTIFICATE_URL,
): PublishedDocuments & { readonly asked: string[] } {
  const bytes = document === null ? null : Buffer.from(document);
  const asked: string[] = [];
  const published: PublishedDocuments = (wanted) => {
    asked.push(wanted);
    return Promise.resolve(wanted === url ? bytes : null);
  };
  return Object.assign(published, { asked });
}

const verify = (
  fields: Fields,
  published: PublishedDocuments = publisher(leaf.pem),
  scheme: Scheme<string> = sns,
) => scheme.verify(post(JSON.stringify(fields)), keys, CLOCK, published);

describe('a message signed field by field with a published certificate', () => {
  test('is accepted for the topic it names', async () => {
    expect(await verify(GENUINE)).toEqual({ ok: true, keyId: 'orders', signedAtMs: NOW_MS });
  });

  test('is accepted with a subject, with the older hash, and as a confirmation', async () => {
    const subject = { ...NOTIFICATION, Subject: 's' };
    expect(
      await verify(signedFields(subject, ['Message', 'MessageId', 'Subject', ...ORDER.slice(2)])),
    ).toMatchObject({ ok: true });
    expect(await verify(signedFields({ ...NOTIFICATION, SignatureVersion: '1' }, ORDER))).toMatchObject({
      ok: true,
    });
    const confirmation = {
      ...NOTIFICATION,
      Type: 'SubscriptionConfirmation',
      SubscribeURL: 'https://sns.example/',
      Token: 't',
    };
    const order = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
    expect(await verify(signedFields(confirmation, order))).toMatchObject({ ok: true });
  });

  test.each(['Message', 'MessageId', 'Timestamp'])('is refused with another %s', async (name) => {
    const value = name === 'Timestamp' ? '2026-06-01T00:00:01.000Z' : 'other';
    expect(await verify({ ...GENUINE, [name]: value })).toEqual(refusal('signature_mismatch'));
  });

  test('is refused with a field added to what is signed or taken from it', async () => {
    expect(await verify({ ...GENUINE, Subject: 'added' })).toEqual(refusal('signature_mismatch'));
    const { MessageId: _taken, ...rest } = GENUINE;
    expect(await verify(rest)).toEqual(refusal('signature_mismatch'));
  });

  test('is refused for a topic nobody subscribed to: anybody can have a topic of their own', async () => {
    const foreign = signedFields(
      { ...NOTIFICATION, TopicArn: 'arn:aws:sns:eu-west-1:999999999999:evil' },
      ORDER,
    );
    expect(await verify(foreign)).toEqual(refusal('claim_invalid'));
    expect(await verify({ ...GENUINE, TopicArn: 'arn:aws:sns:eu-west-1:123456789012:other' })).toEqual(
      refusal('signature_mismatch'),
    );
  });

  test.each([
    'http://sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com.evil.example/a.pem',
    'https://evil.example/sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com@evil.example/a.pem',
    'https://evil.example@sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com:8443/a.pem',
    'https://sns.eu-west-1.amazonaws.com/a.pem?x=1',
    'https://sns.eu-west-1.amazonaws.com/a.pem#x',
    'https://sns.eu-west-1.amazonaws.com/../a.txt',
    'https://127.0.0.1/a.pem',
    'file:///etc/passwd',
    '',
  ])('whose certificate is at %j is refused and nobody is asked for it', async (url) => {
    const published = publisher(leaf.pem, url);
    expect(await verify({ ...GENUINE, SigningCertURL: url }, published)).toEqual(refusal('claim_invalid'));
    expect(published.asked).toEqual([]);
  });

  test.each<[what: string, document: string | null, reason: string]>([
    ['of a stranger', stranger.pem, 'signature_mismatch'],
    ['that cannot be had', null, 'no_secret'],
    ['that is none', '<html>not found</html>', 'claim_invalid'],
    ['that is broken', leaf.pem.replace('MII', 'XXX'), 'claim_invalid'],
    ['too large', leaf.pem + ' '.repeat(70_000), 'claim_invalid'],
    ['of nine links', leaf.pem.repeat(9), 'claim_invalid'],
  ])('is refused with a certificate %s', async (_what, document, reason) => {
    expect(await verify(GENUINE, publisher(document))).toEqual(refusal(reason));
  });

  test.each<[what: string, fields: Fields | string, reason: string]>([
    ['without a signature', NOTIFICATION, 'signature_missing'],
    ['with a signature that is no base64', { ...GENUINE, Signature: '!' }, 'signature_malformed'],
    ['with a version nobody knows', { ...GENUINE, SignatureVersion: '3' }, 'signature_malformed'],
    ['of a kind nobody knows', { ...GENUINE, Type: 'Other' }, 'signature_malformed'],
    ['of a kind from the prototype', { ...GENUINE, Type: 'constructor' }, 'signature_malformed'],
    ['without a time', { ...GENUINE, Timestamp: '' }, 'signature_malformed'],
    ['that is no JSON', 'x', 'signature_missing'],
  ])('%s is refused', async (_what, fields, reason) => {
    const body = typeof fields === 'string' ? fields : JSON.stringify(fields);
    expect(await sns.verify(post(body), keys, CLOCK, publisher(leaf.pem))).toEqual(refusal(reason));
  });

  test('is refused when nobody fetches and when there is no subscription', async () => {
    const request = post(JSON.stringify(GENUINE));
    expect(await sns.verify(request, keys, CLOCK)).toEqual(refusal('no_secret'));
    expect(await sns.verify(request, [], CLOCK, publisher(leaf.pem))).toEqual(refusal('no_secret'));
    expect(sns.prepareKey('orders').ok).toBe(false);
    expect(sns.prepareKey('').ok).toBe(false);
  });

  test('may only be so old where the configuration says so', async () => {
    const strict = certificateSignature({ ...SNS, toleranceSeconds: 3600 });
    const later = (seconds: number) =>
      strict.verify(
        post(JSON.stringify(GENUINE)),
        keys,
        { nowMs: NOW_MS + seconds * 1000 },
        publisher(leaf.pem),
      );
    expect(await later(3600)).toMatchObject({ ok: true });
    expect(await later(3601)).toEqual(refusal('timestamp_outside_tolerance'));
  });
});

describe('the chain of a certificate', () => {
  const strict = certificateSignature({ ...SNS, subject: 'messages.example', anchors: [root.pem] });
  const judge = (signer: Certified, ...chain: readonly Certified[]) =>
    verify(
      signedFields(NOTIFICATION, ORDER, signer),
      publisher(chain.map(({ pem }) => pem).join('')),
      strict,
    );
  const issued = (changes: Partial<Parameters<typeof certify>[0]>) =>
    certify({ subject: 'messages.example', issuer: authority, host: 'messages.example', ...changes });

  test('leads to the root, which may be sent along', async () => {
    expect(await judge(leaf, leaf, authority)).toMatchObject({ ok: true });
    expect(await judge(leaf, leaf, authority, root)).toMatchObject({ ok: true });
  });

  test('must be whole and in order', async () => {
    expect(await judge(leaf, leaf)).toEqual(refusal('claim_invalid'));
    expect(await judge(leaf, leaf, root)).toEqual(refusal('claim_invalid'));
    expect(await judge(leaf, authority, leaf)).toEqual(refusal('claim_invalid'));
    expect(await judge(leaf, leaf, authority, stranger)).toEqual(refusal('claim_invalid'));
  });

  test('must lead to our root, not to one that calls itself so', async () => {
    const impostor = certify({ subject: 'Root', isAuthority: true });
    const issuedByImpostor = certify({
      subject: 'messages.example',
      issuer: impostor,
      host: 'messages.example',
    });
    expect(await judge(stranger, stranger)).toEqual(refusal('claim_invalid'));
    expect(await judge(issuedByImpostor, issuedByImpostor)).toEqual(refusal('claim_invalid'));
    expect(await judge(issuedByImpostor, issuedByImpostor, impostor)).toEqual(refusal('claim_invalid'));
  });

  test('must be made of authorities', async () => {
    const issuedByLeaf = issued({ issuer: leaf });
    expect(await judge(issuedByLeaf, issuedByLeaf, leaf, authority)).toEqual(refusal('claim_invalid'));
  });

  test.each<[what: string, changes: Partial<Parameters<typeof certify>[0]>]>([
    ['run out', { until: '2026-05-31' }],
    ['not yet in force', { from: '2026-06-02' }],
    ['made out to somebody else', { host: 'evil.example' }],
    ['weak', { bits: 1024 }],
  ])('may not begin with a certificate that is %s', async (_what, changes) => {
    const certificate = issued(changes);
    expect(await judge(certificate, certificate, authority)).toEqual(refusal('claim_invalid'));
  });
});

describe('a message signed in its headers', () => {
  const paypal = certificateSignature({
    name: 'paypal',
    signatureHeaders: ['paypal-transmission-sig'],
    read: certifiedHeaders({
      signature: 'paypal-transmission-sig',
      certificateUrl: 'paypal-cert-url',
      algorithm: { header: 'paypal-auth-algo', hashes: new Map([['SHA256withRSA', 'sha256']]) },
      timestamp: { header: 'paypal-transmission-time', unit: 'rfc3339' },
      content: '${header:paypal-transmission-id}|${timestamp}|${identifier}|${bodyCrc32}',
    }),
    certificateUrl: {
      host: /^api(?:\.sandbox)?\.paypal\.com$/,
      path: /^\/v1\/notifications\/certs\/[\w-]+$/,
    },
    subject: 'messages.example',
    anchors: [root.pem],
    toleranceSeconds: 3600,
    identifierProblem: () => null,
  });
  const url = 'https://api.paypal.com/v1/notifications/certs/CERT-1';
  const hook = [keyOf(paypal, 'WH-OTHER', 'other'), keyOf(paypal, 'WH-1', 'mine')];
  const body = '{"id":"WH-EVENT"}';
  // CRC-32 of the body as zlib has it, written as an unsigned decimal.
  const CRC_32 = '1136787166';
  const signature = signBytes(
    'sha256',
    Buffer.from(`id-1|2026-06-01T00:00:00Z|WH-1|${CRC_32}`),
    leaf.privateKey,
  ).toString('base64');
  const HEADERS: HeaderPairs = [
    ['PAYPAL-TRANSMISSION-ID', 'id-1'],
    ['PAYPAL-TRANSMISSION-TIME', '2026-06-01T00:00:00Z'],
    ['PAYPAL-CERT-URL', url],
    ['PAYPAL-AUTH-ALGO', 'SHA256withRSA'],
    ['PAYPAL-TRANSMISSION-SIG', signature],
  ];
  const judge = (headers: HeaderPairs, text = body) =>
    paypal.verify(post(text, headers), hook, CLOCK, publisher(leaf.pem + authority.pem, url));
  const changed = (name: string, value: string) =>
    HEADERS.map(([other, old]) => [other, other === name ? value : old] as const);

  test('is accepted for the webhook it was made for', async () => {
    expect(await judge(HEADERS)).toEqual({ ok: true, keyId: 'mine', signedAtMs: NOW_MS });
  });

  test.each<[what: string, headers: HeaderPairs, reason: string]>([
    ['another id', changed('PAYPAL-TRANSMISSION-ID', 'id-2'), 'signature_mismatch'],
    ['another time', changed('PAYPAL-TRANSMISSION-TIME', '2026-06-01T00:00:01Z'), 'signature_mismatch'],
    ['a time that is none', changed('PAYPAL-TRANSMISSION-TIME', 'now'), 'signature_malformed'],
    ['another algorithm', changed('PAYPAL-AUTH-ALGO', 'SHA1withRSA'), 'signature_malformed'],
    [
      'another host',
      changed('PAYPAL-CERT-URL', url.replace('paypal.com', 'paypal.com.evil.example')),
      'claim_invalid',
    ],
  ])('is refused with %s', async (_what, headers, reason) => {
    expect(await judge(headers)).toEqual(refusal(reason));
  });

  test('is refused with another body, without any of its headers and with any of them twice', async () => {
    expect(await judge(HEADERS, `${body} `)).toEqual(refusal('signature_mismatch'));
    for (const pair of HEADERS) {
      expect(await judge(HEADERS.filter((other) => other !== pair))).toEqual(refusal('signature_missing'));
      expect(await judge([...HEADERS, pair])).toEqual(refusal('signature_malformed'));
    }
  });
});
