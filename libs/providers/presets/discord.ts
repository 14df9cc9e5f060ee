import { publicKey } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const messageType = json('/type');
// Both products call a message of type 1 something else: only an interaction has an id.
const interactionId = json('/id');
const JSON_TYPE = [['Content-Type', 'application/json']] as const;

/**
 * Ed25519 with the public key of the application. Discord probes with false signatures and takes the URL away if
 * one is accepted. Interactions are stored, but want an answer within 3 seconds that only an app of your own can
 * give. The tolerance is ours: retries go on for 10 minutes.
 */
export const discord: ProviderPreset = {
  id: 'discord',
  name: 'Discord',
  docsUrl: 'https://docs.discord.com/developers/events/webhook-events',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: publicKey({
    header: 'X-Signature-Ed25519',
    algorithm: { kind: 'ed25519' },
    encoding: 'hex-any-case',
    content: '${timestamp}${body}',
    timestamp: { header: 'X-Signature-Timestamp', unit: 'seconds', toleranceSeconds: 600 },
    key: { format: 'raw-hex' },
  }),
  secret: { format: 'the public key of the application, 64 hex digits', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/event/type'),
  handshake: {
    description:
      'The PING of webhook events (type 0) is answered with 204, that of interactions (type 1) with {"type":1}.',
    isSigned: true,
    answer: (request) => {
      const type = messageType(request);
      if (type === '0') return { status: 204, headers: JSON_TYPE, body: '' };
      const isInteraction = interactionId(request) !== null;
      return type === '1' && isInteraction ? { status: 200, headers: JSON_TYPE, body: '{"type":1}' } : null;
    },
  },
  reply: { status: 204, contentType: 'application/json', body: '' },
  setup: [
    'In the Discord Developer Portal: your application → General Information → copy the public key.',
    'Import the public key as a callback secret of the source.',
    'Then Webhooks → Endpoint URL {ingest_url}, and choose the events.',
  ],
};
