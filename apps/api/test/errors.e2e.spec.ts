import { connect } from 'node:net';
import { type Answer, send, TestApp, type TestTenant } from '#testing';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start();
  tenant = await app.tenant();
});
afterAll(() => app.stop());

const MEMBERS = ['code', 'detail', 'instance', 'status', 'title', 'type'];

function expectProblem(answer: Answer, status: number, code: string, paths?: readonly string[]): void {
  expect([answer.status, answer.body['code'], answer.body['status']]).toEqual([status, code, status]);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(Object.keys(answer.body).sort()).toEqual(
    [...MEMBERS, ...(paths === undefined ? [] : ['errors'])].sort(),
  );
  for (const member of MEMBERS.filter((name) => name !== 'status')) {
    expect([member, typeof answer.body[member]]).toEqual([member, 'string']);
    expect(answer.body[member]).not.toBe('');
  }
  const errors = (answer.body['errors'] ?? []) as { path: string; message: string }[];
  expect(errors.map(({ path }) => path)).toEqual(paths ?? []);
  for (const error of errors) expect(Object.keys(error).sort()).toEqual(['message', 'path']);
}

const raw = (method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}) =>
  send(app.url + path, {
    method,
    headers: { authorization: `Bearer ${tenant.adminKey}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });

describe('a body', () => {
  test('with unknown fields is refused, each one named by its path', async () => {
    const body = { slug: 'a', provider: 'callbox', foo: 1, config: { dedupe: { bar: 1 } } };
    const answer = await tenant.call('POST', '/v1/sources', body);
    expectProblem(answer, 400, 'malformed_request', ['config.dedupe.bar', 'foo']);
  });

  test('names every wrong field at once', async () => {
    const answer = await tenant.call('POST', '/v1/sources', { slug: 'A', name: 5 });
    expectProblem(answer, 400, 'malformed_request', ['slug', 'provider', 'name']);
  });

  test.each([
    '{',
    '{"slug":',
    'slug=a',
    '{"a":1} {"b":2}',
    '[1,',
    '\u0000',
    '{"a":NaN}',
    "{'a':1}",
    '\ufeff{"a"',
  ])('%j is not JSON', async (body) => {
    expectProblem(await raw('POST', '/v1/sources', body), 400, 'malformed_request');
  });

  test('that is not JSON is not repeated in the answer', async () => {
    const answer = await raw('POST', '/v1/callback-secrets', '{"plain_secret": marked-secret}');
    expectProblem(answer, 400, 'malformed_request');
    expect(answer.bytes.toString()).not.toContain('marked');
  });

  test.each(['null', '[]', '"text"', '5', 'true'])('%s is no object', async (body) => {
    expectProblem(await raw('POST', '/v1/sources', body), 400, 'malformed_request', ['']);
  });

  test.each([
    '{"__proto__":{"slug":"a","provider":"callbox"}}',
    '{"slug":"a","provider":"callbox","config":{"__proto__":{}}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
  ])('cannot reach a prototype: %s', async (body) => {
    expectProblem(await raw('POST', '/v1/sources', body), 400, 'malformed_request');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('is missing', async () => {
    expectProblem(await raw('POST', '/v1/sources', ''), 400, 'malformed_request', ['']);
    expectProblem(await tenant.call('POST', '/v1/sources'), 400, 'malformed_request', ['']);
  });

  test('may be missing where every field is optional, with or without a content type', async () => {
    const { id } = await tenant.ok<{ id: string }>('POST', '/v1/callback-secrets', { label: 'a' });
    const path = `/v1/callback-secrets/${id}/rotations`;
    for (const answer of [
      await tenant.call('POST', path),
      await raw('POST', path),
      await raw('POST', path, ''),
      await raw('POST', path, '{}'),
      await raw('POST', path, '{}', { 'content-type': 'application/json; charset=utf-8' }),
    ])
      expect(answer.status).toBe(201);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'bogus',
    'text/json',
    'application/json; charset=utf-16',
    'application/json;charset="latin1"',
  ])('of the content type %s is refused', async (type) => {
    const answer = await raw('POST', '/v1/sources', '{"slug":"a","provider":"callbox"}', {
      'content-type': type,
    });
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  test('that is compressed, or not UTF-8, is refused rather than misread', async () => {
    const body = '{"slug":"a","provider":"callbox"}';
    const compressed = await raw('POST', '/v1/sources', body, { 'content-encoding': 'gzip' });
    expectProblem(compressed, 415, 'unsupported_media_type');
    const mangled = Buffer.concat([
      Buffer.from('{"label":"a","plain_secret":"'),
      Buffer.of(0xff),
      Buffer.from('0123456789"}'),
    ]);
    expectProblem(await raw('POST', '/v1/callback-secrets', mangled), 400, 'malformed_request');
  });

  test('over a mebibyte is refused', async () => {
    const body = JSON.stringify({ label: 'x'.repeat(1_100_000) });
    expectProblem(await raw('POST', '/v1/callback-secrets', body), 413, 'body_too_large');
  });

  test.each([
    ['DELETE', '/v1/sources/default', '{"force":true}', ['force']],
    ['POST', '/v1/deliveries/01KAQ3ZX9B7T4N2M8V5C6D1E0F/retry', '{"at":"now"}', ['at']],
    ['DELETE', '/v1/sources/default', '"x"', ['']],
  ] as const)('is refused where none is taken: %s %s %s', async (method, path, body, paths) => {
    expectProblem(await raw(method, path, body), 400, 'malformed_request', paths);
  });
});

describe('a query', () => {
  test.each([
    ['/v1/sources?foo=1', ['foo']],
    ['/v1/sources?limit=5&Limit=6', ['Limit']],
    ['/v1/sources/default?foo=1', ['foo']],
    ['/v1/providers?foo=1', ['foo']],
    ['/v1/events?sources=a&typ=b', ['sources', 'typ']],
  ])('with unknown parameters is refused: %s', async (path, paths) => {
    expectProblem(await tenant.call('GET', path), 400, 'malformed_request', paths);
  });

  test.each(['0', '251', '-1', '1.5', 'ten', '', '1e2', '%31%00', '10&limit=20'])(
    'cannot have the limit %s',
    async (limit) => {
      const answer = await tenant.call('GET', `/v1/sources?limit=${limit}`);
      expectProblem(answer, 400, 'malformed_request', ['limit']);
    },
  );

  test.each(['1', '250'])('can have the limit %s', async (limit) => {
    expect((await tenant.call('GET', `/v1/sources?limit=${limit}`)).status).toBe(200);
  });

  test.each([
    '/v1/sources',
    '/v1/events',
    '/v1/deliveries',
    '/v1/callback-secrets',
    '/v1/destinations',
    '/v1/api-keys',
    '/v1/providers',
    '/v1/redeliveries',
  ])('of %s cannot have a cursor of somebody’s own', async (path) => {
    for (const cursor of ['abc', '', '%00', 'x'.repeat(22), '!!!', 'AAAAAAAAAAAAAAAAAAAAAA=='])
      expectProblem(await tenant.call('GET', `${path}?cursor=${cursor}`), 400, 'malformed_request', [
        'cursor',
      ]);
  });

  test.each([
    ['received_after', 'yesterday'],
    ['received_before', '2026-02-30T00:00:00Z'],
    ['received_before', '2026-02-03'],
    ['type', 'a%00b'],
  ])('of events cannot have %s=%s', async (name, value) => {
    expectProblem(await tenant.call('GET', `/v1/events?${name}=${value}`), 400, 'malformed_request', [name]);
  });

  test('of deliveries names its ids by ULID', async () => {
    expectProblem(await tenant.call('GET', '/v1/deliveries?event_id=5'), 400, 'malformed_request', [
      'event_id',
    ]);
    expectProblem(await tenant.call('GET', '/v1/deliveries?status=lost'), 400, 'malformed_request', [
      'status',
    ]);
  });
});

describe('a path', () => {
  test.each([
    '/',
    '/nothing',
    '/v1',
    '/v2/sources',
    '/V1/sources',
    '/v1/sources/',
    '//v1/sources',
    '/v1//sources',
    '/v1/sources/default/unknown',
  ])('%s leads nowhere', async (path) => {
    expectProblem(await tenant.call('GET', path), 404, 'not_found');
  });

  test.each([
    'sources',
    'callback-secrets',
    'destinations',
    'events',
    'deliveries',
    'redeliveries',
    'providers',
  ])('of %s with what is no id is not there', async (resource) => {
    const noIds = [
      'nobody',
      '5',
      '%00',
      '01KAQ3ZX9B7T4N2M8V5C6D1E0F',
      '01kaq3zx9b7t4n2m8v5c6d1e0f',
      '%F0%9F%98%80',
      "'",
      '..%2fx',
    ];
    for (const id of noIds)
      expectProblem(await tenant.call('GET', `/v1/${resource}/${id}`), 404, 'not_found');
    expectProblem(await tenant.call('GET', `/v1/${resource}/${'x'.repeat(900)}`), 404, 'not_found');
  });

  test.each(['/v1/sources/%zz', '/v1/sources/%', '/v1/sources/%ff', '/%c3%28'])(
    '%s cannot be read',
    async (path) => {
      const answer = await rawRequest(path);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('application/problem+json');
      expect(answer).toContain('"code":"malformed_request"');
    },
  );

  test.each([
    ['DELETE', '/v1/sources', 'GET, HEAD, POST'],
    ['PUT', '/v1/sources/default', 'DELETE, GET, HEAD, PATCH'],
    ['GET', '/v1/events/x/redeliveries', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/v1/sources', 'GET, HEAD, POST'],
  ])('does not take %s %s, and says what it takes', async (method, path, allowed) => {
    const answer = await tenant.call(method, path);
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers['allow']).toBe(allowed);
  });

  test('answers HEAD as GET, without a body and with the same guard', async () => {
    const head = await tenant.call('HEAD', '/v1/sources');
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    expect((await send(`${app.url}/v1/sources`, { method: 'HEAD' })).status).toBe(401);
  });
});

describe('every error', () => {
  test('has an instance of its own', async () => {
    const [one, two] = [await tenant.call('GET', '/v1/sources/x'), await tenant.call('GET', '/v1/sources/x')];
    expect(one.body['instance']).toMatch(/^urn:callbox:request:[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(one.body['instance']).not.toBe(two.body['instance']);
  });

  test('of a missing key names the scheme', async () => {
    const answer = await send(`${app.url}/v1/sources`);
    expectProblem(answer, 401, 'unauthorized');
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="callbox"');
  });
});

/** Sends a request target that no client would. */
function rawRequest(target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(app.settings.port, '127.0.0.1', () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}
