import { crc32 } from 'node:zlib';
import { toUlid } from '#contract';
import { newId } from '#database';
import { newApiKeyText, readApiKeyText } from './api-key-text.js';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function valueOf(text: string): bigint {
  return [...text].reduce((sum, digit) => sum * 62n + BigInt(DIGITS.indexOf(digit)), 0n);
}

describe('the text of an API key', () => {
  test('is cbk_, its id, 43 characters that hold 256 bits, and 6 of the checksum of both', () => {
    for (let round = 0; round < 200; round += 1) {
      const id = newId();
      const [, ulid = '', secret = '', checksum = ''] =
        /^cbk_([0-9A-Z]{26})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/.exec(newApiKeyText(id)) ?? [];
      expect(ulid).toBe(toUlid(id));
      expect(valueOf(secret)).toBeLessThan(2n ** 256n);
      expect(valueOf(checksum)).toBe(BigInt(crc32(`${ulid}_${secret}`)));
    }
  });

  test('is never the same twice, and uses the whole range of its bits', () => {
    const texts = Array.from({ length: 1_000 }, () => newApiKeyText(newId()));
    expect(new Set(texts).size).toBe(1_000);
    const largest = texts.map((text) => valueOf(text.slice(31, 74))).reduce((a, b) => (a > b ? a : b));
    expect(largest).toBeGreaterThan(2n ** 255n);
  });

  test('tells its id', () => {
    const id = newId();
    expect(readApiKeyText(newApiKeyText(id))).toEqual({ id });
  });

  test('is known for a wrong one when any of its characters is another', () => {
    const text = newApiKeyText(newId());
    for (let at = 4; at < text.length; at += 1) {
      if (text[at] === '_') continue;
      const altered = `${text.slice(0, at)}${text[at] === '7' ? '8' : '7'}${text.slice(at + 1)}`;
      expect(readApiKeyText(altered)).toBe('not_ours');
    }
  });

  test.each(['', 'cbk_', 'cbk_short', 'a-bootstrap-key-of-any-form', 'Bearer x'])(
    'of another form, %j, says nothing of itself',
    (text) => {
      expect(readApiKeyText(text)).toEqual({ id: null });
    },
  );
});
