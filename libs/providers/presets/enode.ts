import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** SHA-1 over the bare body, a batch of events. */
export const enode: ProviderPreset = {
  id: 'enode',
  name: 'Enode',
  docsUrl: 'https://developers.enode.com/docs/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Enode-Signature',
    algorithm: 'sha1',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha1=' },
  }),
  secret: {
    format: 'the secret given with the webhook, 128 bits or more, used as it stands',
    source: 'either',
  },
  setup: [
    'Create the webhook by POST /webhooks with url {ingest_url} and, as secret, the callback secret of the source.',
    'Test it by POST /webhooks/{webhookId}/test.',
  ],
};
