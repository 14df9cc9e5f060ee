import {
  type Clock,
  type HeaderPairs,
  hmac,
  readHeader,
  refused,
  type SignedPieces,
  type SignedRequest,
  withFreshHeaders,
} from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const LIST = 'x-contentful-signed-headers';
const TIME = 'x-contentful-timestamp';
/** What is signed of a request that did not come from Contentful, where it is there. */
const SIGNED_BY_DEFAULT = ['content-type', 'x-contentful-topic'];

const scheme = hmac({
  header: 'x-contentful-signature',
  algorithm: 'sha256',
  encoding: 'hex',
  content: canonicalRequest,
  timestamp: { header: TIME, unit: 'milliseconds', toleranceSeconds: 30 },
});

/** Method, path, the headers that another header lists, and body; thirty seconds is what Contentful's toolkit allows. */
export const contentful: ProviderPreset = {
  id: 'contentful',
  name: 'Contentful',
  docsUrl: 'https://github.com/contentful/node-apps-toolkit',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: {
    ...withFreshHeaders(scheme, { covered: freshList }),
    signatureHeaders: [...scheme.signatureHeaders, LIST],
  },
  secret: { format: 'the signing secret, 64 characters, used as it stands', source: 'imported' },
  eventType: header('X-Contentful-Topic'),
  uncovered: 'The host of the URL, and headers that are not listed in x-contentful-signed-headers.',
  setup: [
    'In Contentful: Settings → Webhooks → Settings, enable request verification; import the secret as a callback secret.',
    'Add webhook, URL POST {ingest_url}.',
  ],
};

function canonicalRequest(
  ...[{ method, url, headers, body }]: Parameters<SignedPieces>
): ReturnType<SignedPieces> {
  const listed = readHeader(headers, LIST);
  if (!listed.ok) return listed;
  const names = listed.value.split(',');
  // What is not in the list is not signed, and anybody could change it: the time and the list itself must be.
  if (![LIST, TIME].every((name) => names.includes(name)) || !URL.canParse(url))
    return refused('signature_malformed');
  const lines: string[] = [];
  for (const name of names) {
    const reading = readHeader(headers, name);
    if (!reading.ok) return reading;
    lines.push(`${name}:${reading.value}`);
  }
  return [`${method}\n${canonicalPath(url)}\n${lines.join(';')}\n`, body];
}

/** Contentful's toolkit escapes the path once more and the query, as one word, twice. */
function canonicalPath(url: string): string {
  const { pathname, search } = new URL(url);
  return encodeURI(search === '' ? pathname : `${pathname}?${encodeURIComponent(search.slice(1))}`);
}

/** The list of the callback, less what was of its connection and is not sent on. */
function freshList({ headers }: SignedRequest, { nowMs }: Clock): HeaderPairs {
  const received = readHeader(headers, LIST);
  const listed = received.ok ? received.value.split(',') : [...SIGNED_BY_DEFAULT, LIST, TIME];
  const names = listed.filter((name) => name === LIST || name === TIME || readHeader(headers, name).ok);
  return [
    [LIST, names.join(',')],
    [TIME, String(Math.floor(nowMs))],
  ];
}
