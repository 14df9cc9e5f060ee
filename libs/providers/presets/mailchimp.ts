import { sharedToken } from '#signatures';
import type { Locator, ProviderPreset } from '../preset.js';

const formType: Locator = ({ body }) => {
  const type = new URLSearchParams(body.toString()).get('type') ?? '';
  return /^[a-z_]{1,32}$/.test(type) ? type : null;
};

/** Mailchimp signs nothing; a secret in the query of the URL is what it recommends. Callbacks are forms. */
export const mailchimp: ProviderPreset = {
  id: 'mailchimp',
  name: 'Mailchimp Marketing',
  docsUrl: 'https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: sharedToken({ query: 'secret' }),
  secret: { format: 'any letters and digits, added to the URL as ?secret=…', source: 'either' },
  eventType: formType,
  uncovered: 'Nothing is signed: the secret in the URL does not cover the body.',
  handshake: {
    description: 'Mailchimp asks whether the URL is there by GET and is answered 200.',
    methods: ['GET'],
    isSigned: false,
    answer: ({ method }) => (method === 'GET' ? { status: 200, headers: [], body: '' } : null),
  },
  setup: [
    'Make a callback secret, or import one of letters and digits.',
    'In Mailchimp: Audience → Settings → Webhooks → Create new webhook, callback URL {ingest_url}?secret=<the secret>.',
  ],
};
