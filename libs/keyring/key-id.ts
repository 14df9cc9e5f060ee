import { createHash, createHmac } from 'node:crypto';
import { KEY_ID_BYTES } from './envelope.js';

/** A key's id is derived from the key, so that ciphertexts find it whatever the settings call it. */
export function keyIdFor(key: Buffer): Buffer {
  return createHmac('sha256', key).update('callbox/key-id/v1').digest().subarray(0, KEY_ID_BYTES);
}

/** The id of a key that never leaves its service: derived from its name there. */
export function keyIdForName(service: string, name: string): Buffer {
  const digest = createHash('sha256').update(`callbox/key-id/v1/${service}\0${name}`);
  return digest.digest().subarray(0, KEY_ID_BYTES);
}
