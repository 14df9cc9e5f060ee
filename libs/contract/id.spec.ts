import fc from 'fast-check';
import { fromUlid, toUlid } from './id.js';

const UUID = '019aa9f0-1c2d-7000-8000-000000000000';

describe('an id', () => {
  test('is shown as the ULID of its 128 bits', () => {
    expect(toUlid('00000000-0000-0000-0000-000000000000')).toBe('00000000000000000000000000');
    expect(toUlid('ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe('7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
    // 01ARZ3NDEKTSV4RRFFQ69G5FAV is the example of the ULID specification.
    expect(toUlid('01563e3a-b5d3-d676-4c61-efb99302bd5b')).toBe('01ARZ3NDEKTSV4RRFFQ69G5FAV');
    expect(fromUlid('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe('01563e3a-b5d3-d676-4c61-efb99302bd5b');
  });

  test('is the same after there and back, whatever its bits', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => expect(fromUlid(toUlid(uuid))).toBe(uuid)));
  });

  test('sorts as it did', () => {
    fc.assert(fc.property(fc.uuid(), fc.uuid(), (a, b) => expect(toUlid(a) < toUlid(b)).toBe(a < b)));
  });

  test.each([
    '',
    UUID,
    toUlid(UUID).toLowerCase(),
    toUlid(UUID).slice(1),
    `${toUlid(UUID)}0`,
    '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    '01ARZ3NDEKTSV4RRFFQ69G5FAI',
    '01ARZ3NDEKTSV4RRFFQ69G5FAL',
    '01ARZ3NDEKTSV4RRFFQ69G5FAO',
    '01ARZ3NDEKTSV4RRFFQ69G5FAU',
    '01ARZ3NDEKTSV4RRFFQ69G5FA\n',
    ' 01ARZ3NDEKTSV4RRFFQ69G5FA',
  ])('is not %j', (text) => {
    expect(fromUlid(text)).toBeUndefined();
  });
});
