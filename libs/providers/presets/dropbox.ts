import { hmac } from '#signatures';
import type { Callback, HandshakeReply, ProviderPreset } from '../preset.js';

/**
 * The body is signed with the app secret. It says whose files have changed, not which: a notification has no id, and
 * equal ones are different notifications.
 */
export const dropbox: ProviderPreset = {
  id: 'dropbox',
  name: 'Dropbox',
  docsUrl: 'https://www.dropbox.com/developers/reference/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Dropbox-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
  }),
  secret: { format: 'the app secret, used as it stands', source: 'imported' },
  uncovered: 'The age: whoever saw a callback can send it again.',
  handshake: {
    description: 'GET with challenge is answered with its bare value.',
    methods: ['GET'],
    isSigned: false,
    answer: answerChallenge,
  },
  setup: [
    'Import the app secret (Dropbox App Console → your app → Settings) as a callback secret.',
    'In the App Console: your app → Settings → Webhooks, add {ingest_url}.',
  ],
};

function answerChallenge({ method, url }: Callback): HandshakeReply | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const challenge = new URL(url).searchParams.get('challenge') ?? '';
  if (!/^[\w.~+/=-]{1,256}$/.test(challenge)) return null;
  return { status: 200, headers: [['content-type', 'text/plain']], body: challenge };
}
