import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HeaderPairs, PublishedDocuments } from '#signatures';
import { genuineOf, keyOf, type Vector } from '../conformance.fixture.js';
import { ebay } from './ebay.js';

const vectors = JSON.parse(
  readFileSync(join(process.cwd(), 'libs/providers/presets/ebay.vectors.json'), 'utf8'),
) as readonly Vector[];
const [vector] = vectors;
if (vector === undefined) throw new Error('there is no vector of ebay');
const genuine = genuineOf(ebay, vector, 'ebay');

async function outcome(headers: HeaderPairs, published = genuine.published): Promise<string> {
  const keys = [keyOf(ebay.scheme, genuine.secret)];
  const request = { ...genuine.request, headers };
  const verdict = await ebay.scheme.verify(request, keys, { nowMs: genuine.nowMs }, published);
  return verdict.ok ? 'accepted' : verdict.reason;
}

const sent = genuine.request.headers.find(([name]) => name === 'x-ebay-signature')?.[1] ?? '';
const envelope = JSON.parse(Buffer.from(sent, 'base64').toString()) as Record<string, unknown>;
const header = (members: object): HeaderPairs => [
  ['x-ebay-signature', Buffer.from(JSON.stringify({ ...envelope, ...members })).toString('base64')],
];

test('the published notification is accepted', async () => {
  expect(await outcome(genuine.request.headers)).toBe('accepted');
  expect(await outcome(header({}))).toBe('accepted');
});

test.each<[what: string, headers: HeaderPairs]>([
  ['another algorithm', header({ alg: 'rsa' })],
  ['none', header({ alg: 'none' })],
  ['another digest', header({ digest: 'SHA256' })],
  ['a key id that leads elsewhere', header({ kid: '../../identity/v1' })],
  ['no key id', header({ kid: undefined })],
  ['a signature that is no base64', header({ signature: '*' })],
  ['no signature', header({ signature: '' })],
  ['no JSON', [['x-ebay-signature', 'AAAA']]],
  ['a list', [['x-ebay-signature', Buffer.from('[]').toString('base64')]]],
  ['base64 with a blank in it', [['x-ebay-signature', ` ${sent}`]]],
])('a header with %s is malformed', async (_what, headers) => {
  expect(await outcome(headers)).toBe('signature_malformed');
});

test.each<[what: string, token: string, key: string]>([
  ['no access token', '{"error":"invalid_client"}', '{}'],
  ['an access token that breaks out of its header', '{"access_token":"a\\r\\nX-Injected: b"}', '{}'],
  ['no key', '{"access_token":"a"}', '{"errors":[]}'],
  [
    'a key that is none',
    '{"access_token":"a"}',
    '{"key":"-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----"}',
  ],
  ['no JSON', '<html>', '<html>'],
])('with %s for an answer, nothing is verified', async (_what, token, key) => {
  const published: PublishedDocuments = (url) =>
    Promise.resolve(Buffer.from(url.endsWith('/oauth2/token') ? token : key));
  expect(await outcome(genuine.request.headers, published)).toBe('no_secret');
});

test('the access token may change without the key being another document', async () => {
  const names: unknown[] = [];
  let count = 0;
  const published: PublishedDocuments = (url, _wanted, asking) => {
    names.push(asking?.name);
    count += 1;
    return Promise.resolve(
      Buffer.from(url.endsWith('/oauth2/token') ? `{"access_token":"t${count}"}` : '{}'),
    );
  };
  await outcome(genuine.request.headers, published);
  expect(names).toEqual(['access token', envelope.kid, 'access token', envelope.kid]);
});
