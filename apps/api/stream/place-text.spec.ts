import { toUlid } from '#contract';
import { newId } from '#database';
import { beginningOf } from '#events';
import { readPlace, writePlace } from './place-text.js';

const ULID = '01KAQ3ZX9B7T4N2M8V5C6D1E0F';

describe('the text of a place', () => {
  test('is read as what was written, after a thing', () => {
    const id = newId();
    const place = {
      id,
      storedIn: 2n ** 64n - 1n,
      timeMs: Number.parseInt(id.replace('-', '').slice(0, 12), 16),
    };
    expect(readPlace(writePlace(place))).toEqual({ place });
  });

  test('is read as what was written, where everything before is settled', () => {
    const place = beginningOf(18_420n, 1_790_000_000_123);
    expect(writePlace(place)).toMatch(/^[0-9A-Z]{26}~18420$/);
    expect(readPlace(writePlace(place))).toEqual({ place });
  });

  test('may be the ULID of a thing alone', () => {
    const id = newId();
    expect(readPlace(toUlid(id))).toEqual({ thing: id });
  });

  test.each([
    ['nothing', ''],
    ['a word', 'yesterday'],
    ['a UUID', '019aae3f-f52b-3e89-5a51-1b2b0cd0b80f'],
    ['a ULID in lower case', ULID.toLowerCase()],
    ['no number', `${ULID}.`],
    ['a negative number', `${ULID}.-1`],
    ['a number that no transaction can have', `${ULID}.18446744073709551616`],
    ['a number with more digits', `${ULID}.000000000000000000001`],
    ['another sign', `${ULID}-1`],
    ['something behind it', `${ULID}.1\n`],
    ['something before it', ` ${ULID}.1`],
  ])('is none when it is %s', (_, text) => expect(readPlace(text)).toBeNull());
});
