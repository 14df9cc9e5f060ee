import { crc32 } from 'node:zlib';
import { newApiKeyText } from './api-key-text.js';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function valueOf(text: string): bigint {
  return [...text].reduce((sum, digit) => sum * 62n + BigInt(DIGITS.indexOf(digit)), 0n);
}

describe('the text of an API key', () => {
  test('is cbk_, 43 characters that hold 256 bits, and 6 of their checksum', () => {
    for (let round = 0; round < 200; round += 1) {
      const [, secret = '', checksum = ''] =
        /^cbk_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/.exec(newApiKeyText()) ?? [];
      expect(valueOf(secret)).toBeLessThan(2n ** 256n);
      expect(valueOf(checksum)).toBe(BigInt(crc32(secret)));
    }
  });

  test('is never the same twice, and uses the whole range of its bits', () => {
    const texts = Array.from({ length: 1_000 }, newApiKeyText);
    expect(new Set(texts).size).toBe(1_000);
    const largest = texts.map((text) => valueOf(text.slice(4, 47))).reduce((a, b) => (a > b ? a : b));
    expect(largest).toBeGreaterThan(2n ** 255n);
  });
});
