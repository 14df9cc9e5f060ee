import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** CRC-32 of a text in six characters of base62, written apart from the code that makes API keys. */
export function checksum(text: string): string {
  let value = crc32(text);
  let digits = '';
  while (digits.length < 6) {
    digits = ALPHABET.charAt(value % 62) + digits;
    value = Math.floor(value / 62);
  }
  return digits;
}
