import { createHmac, type BinaryToTextEncoding } from 'node:crypto';
import type { HeaderPairs, SignedRequest } from '#signatures';
import { keyOf } from './conformance.fixture.js';
import { findPreset } from './index.js';
import type { ProviderPreset } from './preset.js';

export const NOW_MS = Date.UTC(2026, 10, 22, 12);
export const SECONDS = String(NOW_MS / 1000);
export const MILLISECONDS = String(NOW_MS);
export const TEXT = 'TestOnlySecret0123456789abcdefghij';
export const KEY_BYTES = Buffer.alloc(32, 7);
export const HEX = KEY_BYTES.toString('hex');
export const BASE64 = KEY_BYTES.toString('base64');
export const WHSEC = `whsec_${BASE64}`;
export const BODY = '{"id":"evt_1","type":"ping"}';
export const URL_TOLD = 'https://inbox.example/in/acme/source?b=2&a=1';

export function hmac(
  key: string | Buffer,
  content: string | Buffer,
  encoding: BinaryToTextEncoding = 'hex',
  algorithm = 'sha256',
): string {
  return createHmac(algorithm, key).update(content).digest(encoding);
}

export function presetOf(id: string): ProviderPreset {
  const preset = findPreset(id);
  if (preset === null) throw new Error(`no preset ${id}`);
  return preset;
}

/** `accepted` or the reason why not. */
export async function outcome(
  id: string,
  secret: string,
  headers: HeaderPairs,
  changes: Partial<SignedRequest> & { readonly nowMs?: number } = {},
): Promise<string> {
  const { scheme } = presetOf(id);
  const { nowMs = NOW_MS, ...changed } = changes;
  const request = { method: 'POST', url: URL_TOLD, headers, body: Buffer.from(BODY), ...changed };
  const verdict = await scheme.verify(request, [keyOf(scheme, secret)], { nowMs });
  return verdict.ok ? 'accepted' : verdict.reason;
}

export const standard = (key: string | Buffer, version = 'v1,', names = 'webhook'): HeaderPairs => [
  [`${names}-id`, 'msg_1'],
  [`${names}-timestamp`, SECONDS],
  [`${names}-signature`, version + hmac(key, `msg_1.${SECONDS}.${BODY}`, 'base64')],
];

/** A time and a signature, in a header each. */
export const pair = (name: string, time: string, signature: string, value: string): HeaderPairs => [
  [name, time],
  [signature, value],
];
