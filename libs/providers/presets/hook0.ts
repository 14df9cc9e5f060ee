import { z } from 'zod';
import { hmac, readHeader, refused, type Scheme, type SignedPieces } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

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
    header: 'X-Hook0-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: version, timestamp: 't' },
    content: version === 'v0' ? '${timestamp}.${body}' : listedHeadersAndBody,
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  });
  if (version === 'v0') return scheme;
  // A fresh v1 would have to list headers in front of its signature: what came is passed on as it came.
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is only left out, never called
  const { sign: _sign, ...verifier } = scheme;
  return verifier;
}

function listedHeadersAndBody(
  ...[request, { timestamp = '' }]: Parameters<SignedPieces>
): ReturnType<SignedPieces> {
  const signature = readHeader(request.headers, 'x-hook0-signature');
  if (!signature.ok) return signature;
  const lists = signature.value.split(',').filter((part) => part.startsWith('h='));
  const [list] = lists;
  if (list === undefined || lists.length > 1) return refused('signature_malformed');
  const names = list.slice('h='.length);
  const values: string[] = [];
  for (const name of names.split(' ')) {
    const reading = readHeader(request.headers, name.toLowerCase());
    if (!reading.ok) return reading;
    values.push(reading.value);
  }
  return [`${timestamp}.${names}.${values.join('.')}.`, request.body];
}
