import { FutureTimeInput, Name, PageQuery, Slug, SourceReference, text, Time, TimeInput } from './fields.js';

const takes = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean =>
  schema.safeParse(value).success;

describe('text', () => {
  test.each(['', 'a', 'José 😀', 'a'.repeat(10)])('may be %j', (value) => {
    expect(takes(text(10), value)).toBe(true);
  });

  test.each(['a\u0000b', '\ud83d', 'a\udc00', 'a'.repeat(11), 5, null])('may not be %j', (value) => {
    expect(takes(text(10), value)).toBe(false);
  });
});

test('a name has 1 to 255 characters', () => {
  expect([
    takes(Name, ''),
    takes(Name, 'x'),
    takes(Name, 'x'.repeat(255)),
    takes(Name, 'x'.repeat(256)),
  ]).toEqual([false, true, true, false]);
});

test('no slug is an id, so that either can stand in the same place', () => {
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  expect(takes(Slug, id)).toBe(false);
  expect(SourceReference.parse(id)).toEqual({ id: '01563e3a-b5d3-d676-4c61-efb99302bd5b' });
  expect(SourceReference.parse(id.toLowerCase())).toEqual({ slug: id.toLowerCase() });
});

describe('a time', () => {
  test('is shown in UTC with milliseconds', () => {
    expect(Time.parse(new Date('2026-11-22T15:00:00+01:00'))).toBe('2026-11-22T14:00:00.000Z');
  });

  test.each(['2026-11-22T14:00:00Z', '2026-11-22T14:00:00.123456Z', '2026-11-22T15:00:00+01:00'])(
    'is read from %s',
    (value) => {
      expect(TimeInput.parse(value).toISOString()).toMatch(/^2026-11-22T14:00:00\./);
    },
  );

  test.each(['2026-11-22', '2026-11-22 14:00:00Z', '2026-11-22T14:00:00', '2026-13-01T00:00:00Z', 'now', 5])(
    'is not read from %j',
    (value) => {
      expect(takes(TimeInput, value)).toBe(false);
    },
  );

  test('to come lies in the future', () => {
    expect(takes(FutureTimeInput, new Date(Date.now() - 1_000).toISOString())).toBe(false);
    expect(takes(FutureTimeInput, new Date(Date.now() + 60_000).toISOString())).toBe(true);
  });
});

test('a limit is a whole number from 1 to 250', () => {
  for (const limit of ['1', '50', '250'])
    expect(PageQuery.parse({ limit })).toEqual({ limit: Number(limit) });
  for (const limit of ['0', '251', '999', '1000', '-1', '1.0', ' 1', '', '0x1', ['1', '2']])
    expect([limit, takes(PageQuery, { limit })]).toEqual([limit, false]);
});
