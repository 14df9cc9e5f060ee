import { createDatabase, type TestDatabase } from '#testing';
import { CompositeArray } from './composite-array.js';

let database: TestDatabase;
let rowType: number;
beforeAll(async () => {
  database = await createDatabase();
  await database.pool.query(
    'create type sample as (a uuid, b text, c jsonb, d bytea, e integer, f timestamptz)',
  );
  const { rows } = await database.pool.query<{ oid: number }>(`select 'sample'::regtype::oid as oid`);
  rowType = rows[0]?.oid ?? 0;
});
afterAll(() => database.drop());

interface Sample {
  readonly a: string | null;
  readonly b: string | null;
  readonly c: unknown;
  readonly d: Buffer | null;
  readonly e: number | null;
  readonly f: Date | null;
}

async function readBack(samples: readonly Sample[]): Promise<Sample[]> {
  const array = new CompositeArray(rowType, samples.length);
  for (const { a, b, c, d, e, f } of samples)
    array
      .row(6)
      .uuid(a)
      .text(b)
      .jsonb(c)
      .bytes(d)
      .integer(e)
      .time(f === null ? null : f.getTime());
  const { rows } = await database.pool.query<Sample>('select * from unnest($1::sample[])', [array.finish()]);
  return rows;
}

const full: Sample = {
  a: '019aa9f0-1c2d-7abc-8def-0123456789AB'.toLowerCase(),
  b: 'text with ü, 漢, 😀, "quotes" and \\',
  c: [
    ['Name', 'value ü'],
    ['Hidden', null],
  ],
  d: Buffer.from([0, 1, 254, 255]),
  e: -2_147_483_648,
  f: new Date('1969-07-20T20:17:40.123Z'),
};
const absent: Sample = { a: null, b: null, c: [], d: null, e: null, f: null };

describe('a composite array', () => {
  test('is read by PostgreSQL as it was written, absent values too', async () => {
    await expect(readBack([full, absent, full])).resolves.toEqual([full, absent, full]);
  });

  test('tells an empty text and empty bytes from absent ones', async () => {
    const empty = { ...absent, b: '', d: Buffer.alloc(0) };
    await expect(readBack([empty])).resolves.toEqual([empty]);
  });

  test('grows as far as its rows need', async () => {
    const samples = [1, 40_000, 7, 200_000].map((length) => ({
      ...full,
      b: '漢'.repeat(length),
      d: Buffer.alloc(length, length),
    }));
    await expect(readBack(samples)).resolves.toEqual(samples);
  });

  test('keeps half of a surrogate pair, which is no text, as a replacement character', async () => {
    const [row] = await readBack([{ ...absent, b: 'a\ud83d' }]);
    expect(row?.b).toBe('a\ufffd');
  });

  test('refuses a time that PostgreSQL cannot hold with its code for that', () => {
    let refusal: unknown;
    try {
      new CompositeArray(rowType, 1).row(1).time(1e300);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: '22008' });
  });
});
