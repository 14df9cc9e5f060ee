import { publicKey } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * WeChat Pay v3: RSA over time, nonce and body, a line each. What the callback is about is encrypted with the APIv3 key, which
 * stays with the app. Probes whose signature begins with WECHATPAY/SIGNTEST/ are refused, as they must be.
 */
export const wechatPay: ProviderPreset = {
  id: 'wechat-pay',
  name: 'WeChat Pay v3',
  docsUrl: 'https://pay.weixin.qq.com/docs/merchant/development/interface-rules/build-verify-sign-src.html',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: publicKey({
    header: 'Wechatpay-Signature',
    algorithm: { kind: 'rsa', hash: 'sha256' },
    encoding: 'base64',
    key: { format: 'pem' },
    content: '${timestamp}\n${header:Wechatpay-Nonce}\n${body}\n',
    timestamp: { header: 'Wechatpay-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the WeChat Pay public key or platform certificate (PEM)', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/event_type'),
  reply: { status: 200, contentType: 'application/json', body: '{"code":"SUCCESS"}' },
  setup: [
    'In the merchant platform: account centre → API security → download the WeChat Pay public key and import it as a callback secret',
    'Create payments with notify_url {ingest_url}',
  ],
};
