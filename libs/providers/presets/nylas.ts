import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { Callback, HandshakeReply, ProviderPreset } from '../preset.js';

/**
 * HMAC of the bytes sent, compressed ones too. Nylas makes the secret only after its challenge was answered.
 */
export const nylas: ProviderPreset = {
  id: 'nylas',
  name: 'Nylas',
  docsUrl: 'https://developer.nylas.com/docs/cookbook/use-cases/build/verify-webhook-signatures/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Nylas-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the webhook_secret of the destination, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  handshake: {
    description: 'GET with challenge is answered with its bare value.',
    methods: ['GET'],
    isSigned: false,
    answer: answerChallenge,
  },
  setup: [
    'In Nylas: Notifications → Create webhook, URL {ingest_url}.',
    'Import the webhook secret that is shown then as a callback secret.',
  ],
};

function answerChallenge({ method, url }: Callback): HandshakeReply | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const challenge = new URL(url).searchParams.get('challenge') ?? '';
  // Visible ASCII without markup, so that it can only be read as text.
  if (!/^[\w.~+/=-]{1,1024}$/.test(challenge)) return null;
  return { status: 200, headers: [['content-type', 'text/plain']], body: challenge };
}
