import { hmacInBody, refused, type SignedPieces } from '#signatures';
import { joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** The hash covers the text of the member Content exactly as it stands in the body, between `Content` and `HashCode`. */
export const exactOnline: ProviderPreset = {
  id: 'exact-online',
  name: 'Exact Online',
  docsUrl: 'https://support.exactonline.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmacInBody({
    algorithm: 'sha256',
    encoding: 'hex-any-case',
    signature: '/HashCode',
    content: textOfContent,
  }),
  secret: { format: 'the webhook secret of the app, used as it stands', source: 'imported' },
  eventType: joined('.', json('/Content/Topic'), json('/Content/Action')),
  uncovered: 'The URL and the time of sending.',
  handshake: {
    description: 'An empty POST when the subscription is made: 200.',
    isSigned: false,
    answer: ({ method, body }) =>
      method === 'POST' && body.length === 0 ? { status: 200, headers: [], body: '' } : null,
  },
  setup: [
    'Import the webhook secret of the app as a callback secret.',
    'POST WebhookSubscriptions with CallbackURL {ingest_url} and the topic.',
  ],
};

function textOfContent(...[{ body }]: Parameters<SignedPieces>): ReturnType<SignedPieces> {
  // Anchored at both ends: nothing in the body is left unsigned.
  const content = /^\{"Content":(.+),"HashCode":"[0-9A-Fa-f]{64}"\}$/s.exec(body.toString())?.[1];
  return content === undefined ? refused('signature_malformed') : [content];
}
