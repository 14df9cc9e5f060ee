import { publicKey } from '#signatures';
import { firstOf, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Notifications of Antom and Alipay+: RSA over the path, two headers and the body. The answer need not be signed. Forms with
 * `sign` and `sign_type`, which older interfaces of Alipay send, are refused.
 */
export const alipay: ProviderPreset = {
  id: 'alipay',
  name: 'Antom (Alipay+)',
  docsUrl: 'https://docs.antom.com/ac/ams/digital_signature',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: publicKey({
    header: 'Signature',
    grammar: { kind: 'fields', separator: ',', signature: 'signature' },
    algorithm: { kind: 'rsa', hash: 'sha256' },
    encoding: 'percent-encoded-base64',
    key: { format: 'spki-base64' },
    content: '${method} ${path}\n${header:Client-Id}.${header:Request-Time}.${body}',
  }),
  secret: { format: "Antom's public key for your client id, MIIB… (without PEM armour)", source: 'imported' },
  eventType: firstOf(json('/notifyType'), json('/authorizationNotifyType'), json('/disputeNotificationType')),
  uncovered: 'The age: Request-Time is signed, but no tolerance for it is documented.',
  reply: {
    status: 200,
    contentType: 'application/json',
    body: '{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}',
  },
  setup: [
    'In the Antom dashboard: Developer → import the Antom public key as a callback secret.',
    'Set {ingest_url} as Notification URL there, or as paymentNotifyUrl and refundNotifyUrl of each request.',
  ],
};
