import { TestApp } from '#testing';
import { routeRules } from './routes.fixture.js';
import { buildWorld, type World } from './world.fixture.js';

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
/** Ids that providers made. */
const FOREIGN_IDS = ['run_id', 'provider_event_id'];

let app: TestApp;
let world: World;
beforeAll(async () => {
  app = await TestApp.start();
  world = await buildWorld(app);
});
afterAll(async () => {
  await world.receiver.stop();
  await app.stop();
});

const reads = Object.entries(routeRules).filter(
  ([route, { access, isStream }]) =>
    route.startsWith('GET /v1') && access !== 'operator' && !route.endsWith('/body') && isStream !== true,
);

describe.each(reads)('%s', (route, { id }) => {
  test('answers in snake_case, with ULIDs and RFC 3339 times in milliseconds', async () => {
    const path = route.slice(4).replace(/\{\w+\}/, id === undefined ? 'runflow' : world.ids[id]);
    const answer = await world.tenant.call('GET', path);
    expect(answer.status).toBe(200);
    const fields = [...fieldsOf(answer.body)];
    expect(fields.length).toBeGreaterThan(1);
    for (const [name, value] of fields) check(name, value, route);
  });
});

test('lists are {data, next_cursor} and nothing else', async () => {
  for (const [route, { id }] of reads) {
    if (id !== undefined || route.includes('{') || !answersAList(route)) continue;
    const { body } = await world.tenant.call('GET', route.slice(4));
    expect([route, Object.keys(body).sort()]).toEqual([route, ['data', 'next_cursor']]);
  }
});

/** Every one but those that answer about the whole. */
const answersAList = (route: string) => route !== 'GET /v1/audit-log/verification';

function check(name: string, value: unknown, route: string): void {
  // Header names of a destination or an answer are data, not fields.
  expect([name, /^[a-z0-9_]+$/.test(name)]).toEqual([name, true]);
  const isProvider = route.includes('/providers');
  if (value === null) return;
  if ((name === 'id' && !isProvider) || (name.endsWith('_id') && !FOREIGN_IDS.includes(name)))
    expect([name, value]).toEqual([name, expect.stringMatching(ULID)]);
  if (name.endsWith('_at')) expect([name, value]).toEqual([name, expect.stringMatching(TIME)]);
}

function* fieldsOf(value: unknown): Generator<[name: string, value: unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield [name, inner];
    yield* fieldsOf(inner);
  }
}
