import { hash } from 'node:crypto';
import { hmac, queryFields, refused, type SignedPieces } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** The parameters of the query, sorted and escaped afresh; MessageBird takes the blank of an unescaped time zone for a plus. */
function sortedQuery(url: string): string | null {
  const fields = queryFields(url);
  if (fields === null) return null;
  const pairs = fields.map(({ name, value }) => {
    const told = name === 'statusDatetime' ? value.replaceAll(' ', '+') : value;
    return [name, `${encodeURIComponent(name)}=${encodeURIComponent(told)}`] as const;
  });
  pairs.sort(([left], [right]) => (left === right ? 0 : left < right ? -1 : 1));
  return pairs.map(([, pair]) => pair).join('&');
}

const timeQueryAndBody: SignedPieces = ({ url, body }, { timestamp = '' }) => {
  const query = sortedQuery(url);
  if (query === null) return refused('signature_malformed');
  return [`${timestamp}\n${query}\n`, hash('sha256', body, 'buffer')];
};

/**
 * The older signature of MessageBird, which Bird calls deprecated; the one in MessageBird-Signature-JWT is the provider `bird`.
 * The tolerance is that of its library.
 */
export const birdClassic: ProviderPreset = {
  id: 'bird-classic',
  name: 'MessageBird (deprecated signature)',
  docsUrl: 'https://github.com/messagebird/messagebird-nodejs/blob/master/lib/signature.js',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'MessageBird-Signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: timeQueryAndBody,
    timestamp: { header: 'MessageBird-Request-Timestamp', unit: 'seconds', toleranceSeconds: 100 },
  }),
  secret: { format: 'the signing key of the workspace, used as it stands', source: 'imported' },
  uncovered: 'The method, and the URL up to its query.',
  setup: [
    'In MessageBird: Developers → Signing key → import it as a callback secret.',
    'Give {ingest_url} as the URL of webhooks and have them sent by POST; those that come by GET are not taken.',
  ],
};
