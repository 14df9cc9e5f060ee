import { createDecipheriv, hash } from 'node:crypto';
import { digestWithSecret, jsonPointer, parseJson } from '#signatures';
import type { Callback, HandshakeFacts, HandshakeReply, ProviderPreset } from '../preset.js';

const read = {
  encrypted: jsonPointer('/encrypt'),
  type: jsonPointer('/type'),
  challenge: jsonPointer('/challenge'),
};

/**
 * A plain SHA-256 with the Encrypt Key in its middle. With that key the body is encrypted too, so id and type of the
 * event cannot be read. No tolerance is documented.
 */
export const lark: ProviderPreset = {
  id: 'lark',
  name: 'Lark / Feishu',
  docsUrl: 'https://github.com/larksuite/node-sdk',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: digestWithSecret({
    header: 'X-Lark-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${timestamp}${id}${secret}${body}',
    timestamp: { header: 'X-Lark-Request-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
    id: { header: 'X-Lark-Request-Nonce' },
  }),
  secret: {
    format: 'the Encrypt Key of the app, at least 16 characters, used as it stands',
    source: 'either',
  },
  handshake: {
    description:
      'POST with an encrypted url_verification: its challenge as JSON, if the Encrypt Key opens it.',
    isSigned: false,
    answer: answerChallenge,
  },
  setup: [
    'Set an Encrypt Key in the developer console: Event Subscriptions → Encryption strategy; import the same as a callback secret.',
    'Request URL {ingest_url}.',
  ],
};

function answerChallenge({ method, json }: Callback, { keys }: HandshakeFacts): HandshakeReply | null {
  const encrypted = read.encrypted?.(json);
  if (method !== 'POST' || typeof encrypted !== 'string' || encrypted.length > 4096) return null;
  for (const { material } of keys) {
    const opened = Buffer.isBuffer(material) ? decrypted(encrypted, material) : undefined;
    const challenge = read.challenge?.(opened);
    if (read.type?.(opened) !== 'url_verification' || typeof challenge !== 'string') continue;
    if (!/^[\x21-\x7e]{1,1024}$/.test(challenge)) return null;
    const body = JSON.stringify({ challenge });
    return { status: 200, headers: [['content-type', 'application/json']], body };
  }
  return null;
}

/** AES-256-CBC with the hash of the key; the first block is the initialization vector. */
function decrypted(text: string, encryptKey: Buffer): unknown {
  try {
    const bytes = Buffer.from(text, 'base64');
    const key = hash('sha256', encryptKey, 'buffer');
    const decipher = createDecipheriv('aes-256-cbc', key, bytes.subarray(0, 16));
    return parseJson(Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]));
  } catch {
    return undefined;
  }
}
