import { z } from 'zod';
import {
  hmac,
  readHeader,
  refused,
  type Scheme,
  type SignedPieces,
  type SignedRequest,
  withFreshHeaders,
} from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const HEADER = 'X-Hook0-Signature';
/** What is signed of a request that did not come from Hook0, where it is there. */
const SIGNED_BY_DEFAULT = ['content-type', 'x-event-id', 'x-event-type'];

const Settings = z.strictObject({
  signature_version: z.enum(['v1', 'v0']).default('v1').meta({
    description: 'v1 signs the headers that it lists along with the body; v0 is the older one without',
  }),
});

/** The signature names, in `h=`, the headers that it covers. */
export const hook0: ProviderPreset = {
  id: 'hook0',
  name: 'Hook0',
  docsUrl: 'https://github.com/hook0/hook0',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the secret of the subscription, used as it stands', source: 'imported' },
  eventId: header('X-Event-Id'),
  eventType: header('X-Event-Type'),
  uncovered: 'The URL and headers that are not listed; with v0 every header.',
  setup: [
    'In Hook0: Subscriptions → Create, URL {ingest_url}.',
    'Import the secret of the subscription as a callback secret.',
  ],
};

function schemeOf({ signature_version: version }: z.output<typeof Settings>): Scheme {
  const scheme = hmac({
    header: HEADER,
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: version, timestamp: 't' },
    content: version === 'v0' ? '${timestamp}.${body}' : listedHeadersAndBody,
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  });
  if (version === 'v0') return scheme;
  return withFreshHeaders(scheme, {
    covered: (request) => [[HEADER, `h=${freshList(request)}`]],
    written: (value, request) => value.replace(',v1=', `,h=${freshList(request)},v1=`),
  });
}

function listedHeadersAndBody(
  ...[request, { timestamp = '' }]: Parameters<SignedPieces>
): ReturnType<SignedPieces> {
  const signature = readHeader(request.headers, HEADER.toLowerCase());
  if (!signature.ok) return signature;
  const names = listIn(signature.value);
  if (names === null) return refused('signature_malformed');
  const values: string[] = [];
  for (const name of names === '' ? [] : names.split(' ')) {
    const reading = readHeader(request.headers, name.toLowerCase());
    if (!reading.ok) return reading;
    values.push(reading.value);
  }
  return [`${timestamp}.${names}.${values.join('.')}.`, request.body];
}

function listIn(signatureHeader: string): string | null {
  const lists = signatureHeader.split(',').filter((part) => part.startsWith('h='));
  const [list] = lists;
  return list === undefined || lists.length > 1 ? null : list.slice('h='.length);
}

/** The list of the callback, less what was of its connection and is not sent on. */
function freshList({ headers }: SignedRequest): string {
  const received = readHeader(headers, HEADER.toLowerCase());
  const listed = received.ok ? listIn(received.value)?.split(' ') : undefined;
  const names = (listed ?? SIGNED_BY_DEFAULT).filter((name) => readHeader(headers, name.toLowerCase()).ok);
  return names.join(' ');
}
