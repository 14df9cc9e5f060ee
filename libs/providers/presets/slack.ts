import { hmac } from '#signatures';
import { firstOf, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const outerType = json('/type');
const challenge = json('/challenge');
const VISIBLE = /^[\x21-\x7e]+$/;

/** Slack: Events API, slash commands and interactivity are signed alike. The empty reply posts nothing to the channel. */
export const slack: ProviderPreset = {
  id: 'slack',
  name: 'Slack',
  docsUrl: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Slack-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'v0=' },
    content: 'v0:${timestamp}:${body}',
    timestamp: { header: 'X-Slack-Request-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the signing secret of the app, used as it stands', source: 'imported' },
  eventId: json('/event_id'),
  eventType: firstOf(json('/event/type'), outerType),
  handshake: {
    description: 'A signed POST of type url_verification is answered with its challenge.',
    isSigned: true,
    answer: (request) => {
      const text = outerType(request) === 'url_verification' ? challenge(request) : null;
      if (text === null || !VISIBLE.test(text)) return null;
      return { status: 200, headers: [['Content-Type', 'text/plain']], body: text };
    },
  },
  reply: { status: 200, contentType: 'text/plain', body: '' },
  setup: [
    'Import the signing secret of the app (Basic Information → App Credentials) as a callback secret',
    'In Slack: Event Subscriptions → Request URL {ingest_url}; it is verified at once',
  ],
};
