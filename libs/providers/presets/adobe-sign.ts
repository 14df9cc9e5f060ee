import { sharedToken } from '#signatures';
import { header, json } from '../locators.js';
import type { Callback, ProviderPreset } from '../preset.js';

const clientId = header('X-AdobeSign-ClientId');

/** Acrobat Sign takes nothing for delivered, and no URL for good, unless its client id is repeated. */
function echo(callback: Callback) {
  const id = clientId(callback) ?? '';
  return {
    headers: [['X-AdobeSign-ClientId', id]] as const,
    body: JSON.stringify({ xAdobeSignClientId: id }),
  };
}

/**
 * Adobe Acrobat Sign signs nothing: it sends the id of the application that made the webhook. That id is no secret, so the URL
 * of the source is one.
 */
export const adobeSign: ProviderPreset = {
  id: 'adobe-sign',
  name: 'Adobe Acrobat Sign',
  docsUrl: 'https://helpx.adobe.com/sign/web/developers/webhooks/overview.html',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: sharedToken({ header: 'X-AdobeSign-ClientId' }),
  secret: { format: 'the client id (application id) that made the webhook', source: 'imported' },
  eventId: json('/webhookNotificationId'),
  eventType: json('/event'),
  tokenHeaders: ['x-adobesign-clientid'],
  urlToken: true,
  uncovered: 'Nothing is signed: the client id does not cover the body, and it is no secret.',
  handshake: {
    description: 'GET with the X-AdobeSign-ClientId of a callback secret is answered with that id.',
    methods: ['GET'],
    isSigned: true,
    answer: (request) => {
      if (request.method !== 'GET') return null;
      const { headers, body } = echo(request);
      return { status: 200, headers: [...headers, ['Content-Type', 'application/json']], body };
    },
  },
  reply: {
    status: 200,
    contentType: 'application/json',
    body: '{"xAdobeSignClientId":"…"}',
    made: ({ callback }) => echo(callback),
  },
  setup: [
    'Import the client id as a callback secret: Acrobat Sign → API → API Applications → Application ID.',
    'In Acrobat Sign: Webhooks → New webhook, URL {ingest_url}; it is activated once Callbox has answered with the id.',
  ],
};
