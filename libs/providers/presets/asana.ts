import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { Handshake, ProviderPreset } from '../preset.js';

const hookSecret = header('X-Hook-Secret');
const hookSignature = header('X-Hook-Signature');

/** The handshake of REST Hooks, which others share: the secret that is offered is sent back in the same header. */
export const hookSecretHandshake: Handshake = {
  description: 'A POST with X-Hook-Secret and no signature is answered with the same header.',
  isSigned: false,
  answer: (request) => {
    const secret = hookSecret(request);
    if (request.method !== 'POST' || secret === null || hookSignature(request) !== null) return null;
    if (!/^[\x21-\x7e]+$/.test(secret)) return null;
    return { status: 200, headers: [['X-Hook-Secret', secret]], body: '' };
  },
};

/**
 * Asana makes the secret itself and hands it over in the handshake; the call that creates the webhook returns it
 * too. A request holds a batch of events; an empty one is a heartbeat.
 */
export const asana: ProviderPreset = {
  id: 'asana',
  name: 'Asana',
  docsUrl: 'https://developers.asana.com/docs/webhooks-guide',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'X-Hook-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the X-Hook-Secret that the create call returns', source: 'imported' },
  handshake: hookSecretHandshake,
  setup: [
    'Create the webhook by POST /webhooks with target {ingest_url}; its handshake is answered at once.',
    'Import the X-Hook-Secret of the answer as a callback secret of the source.',
  ],
};
