import fc from 'fast-check';
import { createDatabase, type TestDatabase } from '#testing';
import { likePatternOf, matches } from './matches.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test('a glob over types means in SQL what it means elsewhere', async () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'A', '.', '*', '%', '_', '\\', '\n', 'é', '😀'),
    maxLength: 6,
  });
  const pairs = fc.sample(fc.tuple(text, text), 3_000);
  const { rows } = await database.pool.query<{ fits: boolean }>(
    `select type like any (array[pattern]) as fits
     from unnest($1::text[], $2::text[]) with ordinality as t (type, pattern, position) order by position`,
    [pairs.map(([type]) => type), pairs.map(([, glob]) => likePatternOf(glob))],
  );
  const expected = pairs.map(([type, glob]) =>
    matches({ source_ids: null, types: [glob] }, { source_id: '', type }),
  );
  expect(rows.map(({ fits }) => fits)).toEqual(expected);
  expect(new Set(expected).size).toBe(2);
});
