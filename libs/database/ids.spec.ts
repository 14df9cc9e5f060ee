import { idAtTime, newId, timeOfId } from './ids.js';
import { pageOf, readCursor } from './page.js';

describe('ids', () => {
  test('are in the order in which they were made and carry the time', () => {
    const before = Date.now();
    const ids = Array.from({ length: 2_000 }, newId);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      expect(timeOfId(id)).toBeGreaterThanOrEqual(before);
      expect(timeOfId(id)).toBeLessThanOrEqual(Date.now() + 1);
    }
  });

  test.each([0, 1, 1_700_000_000_000, 2 ** 48 - 1])(
    'begin at the bound of their millisecond: %d',
    (timeMs) => {
      expect(timeOfId(idAtTime(timeMs))).toBe(timeMs);
      expect(idAtTime(timeMs)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-0000-0000-0{12}$/);
    },
  );

  test('of a millisecond lie between its bound and the next one', () => {
    const id = newId();
    expect(idAtTime(timeOfId(id)) < id).toBe(true);
    expect(idAtTime(timeOfId(id) + 1) > id).toBe(true);
  });

  test('have a bound before all of them for times before 1970', () => {
    expect(timeOfId(idAtTime(-5))).toBe(0);
  });
});

describe('cursors', () => {
  const rows = Array.from({ length: 3 }, () => ({ id: newId() }));

  test('lead from the last row of a page to the next, and end', () => {
    const page = pageOf(rows, 2);
    expect(page.data).toEqual(rows.slice(0, 2));
    expect(readCursor(page.next_cursor ?? '')).toBe(rows[1]?.id);
    expect(pageOf(rows, 3)).toEqual({ data: rows, next_cursor: null });
    expect(pageOf([], 3)).toEqual({ data: [], next_cursor: null });
  });

  test.each([
    '',
    'x',
    '!'.repeat(22),
    'A'.repeat(21),
    'A'.repeat(23),
    `${'A'.repeat(22)}=`,
    'A'.repeat(21) + 'B',
  ])('are told from other texts: %p', (text) => {
    expect(readCursor(text)).toBeUndefined();
  });
});
