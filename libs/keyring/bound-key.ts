import { createHash, timingSafeEqual } from 'node:crypto';
import { additionalData, CannotDecrypt } from './envelope.js';

/** Length of the keys that are wrapped. */
export const KEY_BYTES = 32;
const DIGEST_BYTES = 32;

/**
 * What a key service is given to encrypt: the key and a digest of where it belongs. Services authenticate the context
 * as additional data, too; but one that does not (another version, a wrong kind of key, a broken proxy) would let
 * wrapped keys be moved between tenants without a word.
 */
export function bindKey(key: Buffer, prefix: Buffer, context: readonly string[]): Buffer {
  return Buffer.concat([key, digestOf(prefix, context)]);
}

/** Gives back the key that {@link bindKey} bound to the same place. Throws {@link CannotDecrypt}. */
export function openBoundKey(bound: Buffer, prefix: Buffer, context: readonly string[]): Buffer {
  if (bound.length !== KEY_BYTES + DIGEST_BYTES) throw new CannotDecrypt();
  if (!timingSafeEqual(bound.subarray(KEY_BYTES), digestOf(prefix, context))) throw new CannotDecrypt();
  return Buffer.from(bound.subarray(0, KEY_BYTES));
}

function digestOf(prefix: Buffer, context: readonly string[]): Buffer {
  return createHash('sha256').update('callbox/bound-key/v1').update(additionalData(prefix, context)).digest();
}
