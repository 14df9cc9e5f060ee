import {
  type Credential,
  parseJson,
  refused,
  type Scheme,
  sharedToken,
  type SignedRequest,
} from '#signatures';
import type { Callback, HandshakeReply, ProviderPreset } from '../preset.js';

const token = sharedToken({ json: '/value/0/clientState' });
const scheme: Scheme<Credential> = {
  ...token,
  verify: (request, keys, clock) =>
    isOfOneSubscriber(request) ? token.verify(request, keys, clock) : refused('authorization_mismatch'),
};

/**
 * Nothing is signed: Graph repeats the clientState of the subscription in every notification. One request may bring
 * notifications of several subscriptions, so all of them must have the same.
 */
export const microsoftGraph: ProviderPreset = {
  id: 'microsoft-graph',
  name: 'Microsoft Graph change notifications',
  docsUrl: 'https://learn.microsoft.com/graph/change-notifications-delivery-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme,
  secret: {
    format: 'a clientState of your own, at most 128 characters, used as it stands',
    source: 'either',
  },
  uncovered:
    'Nothing is signed: the clientState does not cover the body, where it stands itself. The validationTokens of rich notifications are not verified.',
  handshake: {
    description: 'POST with validationToken in the query: the token as text.',
    isSigned: false,
    answer: echoToken,
  },
  setup: [
    'Make a callback secret, or import one.',
    'Create the subscriptions with notificationUrl {ingest_url} and that secret as the clientState of each.',
  ],
};

function isOfOneSubscriber({ body }: SignedRequest): boolean {
  const document = parseJson(body) as { readonly value?: unknown } | null | undefined;
  if (!Array.isArray(document?.value)) return true;
  const states = document.value.map((item: { readonly clientState?: unknown } | null) => item?.clientState);
  return states.every((state) => state === states[0]);
}

function echoToken({ method, url }: Callback): HandshakeReply | null {
  if (method !== 'POST' || !URL.canParse(url)) return null;
  const query = new URL(url).searchParams;
  // SharePoint spells it in lower case. Graph's tokens are words with blanks and colons; markup is none of them.
  const challenge = query.get('validationToken') ?? query.get('validationtoken') ?? '';
  if (!/^[\w.~+/=: -]{1,1024}$/.test(challenge)) return null;
  return { status: 200, headers: [['content-type', 'text/plain']], body: challenge };
}
