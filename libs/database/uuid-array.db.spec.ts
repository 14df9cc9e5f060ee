import { createDatabase, type TestDatabase } from '#testing';
import { newId } from './ids.js';
import { uuidArray } from './uuid-array.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test.each([[[]], [[newId()]], [[newId(), newId().toUpperCase(), newId()]]])(
  'PostgreSQL reads an array of ids as the same ids: %j',
  async (ids) => {
    const { rows } = await database.pool.query<{ ids: string[] }>('select $1::uuid[]::text[] as ids', [
      uuidArray(ids),
    ]);
    expect(rows[0]?.ids).toEqual(ids.map((id) => id.toLowerCase()));
  },
);
