import { eventually, send, TestApp, type TestTenant } from '#testing';
import { bodyExamples } from '../../server/openapi-examples.js';

interface Document {
  readonly paths: Record<
    string,
    Record<
      string,
      {
        readonly operationId: string;
        readonly requestBody?: {
          readonly content: Record<string, { readonly examples: Record<string, { value: unknown }> }>;
        };
      }
    >
  >;
}
interface WithId {
  readonly id: string;
}

let app: TestApp;
let tenant: TestTenant;
let document: Document;
beforeAll(async () => {
  app = await TestApp.start();
  tenant = await app.tenant('default');
  document = (await send<Document>(`${app.url}/openapi.json`)).body;
});
afterAll(() => app.stop());

/** An example of an operation as Swagger UI sends it: the text that it shows, which it makes like this. */
function exampleText(operationId: string, name: string): string {
  const operation = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .find((one) => one.operationId === operationId);
  const value = operation?.requestBody?.content['application/json']?.examples[name]?.value;
  if (value === undefined) throw new Error(`${operationId} has no example ${name}`);
  return JSON.stringify(value, null, 2);
}

const run = async <Body = Record<string, unknown>>(
  method: string,
  path: string,
  example?: [string, string],
) =>
  send<Body>(app.url + path, {
    method,
    headers: {
      authorization: `Bearer ${tenant.adminKey}`,
      ...(example === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(example === undefined ? {} : { body: exampleText(...example) }),
  });

test('the first walk in Swagger UI works with its examples as they are', async () => {
  expect((await run('POST', '/v1/sources', ['createSource', 'runflow'])).status).toBe(201);
  const made = await run<WithId>('POST', '/v1/callback-secrets', ['createCallbackSecret', 'made']);
  expect(made.status).toBe(201);

  const testEvent = await run<{
    status_code: number;
    event_id: string;
    request: { headers: [string, string][] };
  }>('POST', '/v1/sources/runflow/test-events', ['createTestEvent', 'inbox']);
  expect(testEvent).toMatchObject({ status: 202, body: { status_code: 200 } });
  const signature = testEvent.body.request.headers.find(([name]) => name === 'Runflow-Signature')?.[1] ?? '';

  const receive = (value: string, body = exampleText('receiveCallback', 'runflow')) =>
    send(`${app.url}/in/default/runflow`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'Runflow-Signature': value },
      body,
    });
  expect(await receive(signature)).toMatchObject({
    status: 200,
    body: { id: testEvent.body.event_id, status: 'duplicate' },
  });
  const forged = signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  expect(await receive(forged)).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
  const body = exampleText('receiveCallback', 'runflow').replace('run_1', 'run_2');
  expect((await receive(signature, body)).status).toBe(401);

  const events = await run<{ data: WithId[] }>('GET', '/v1/events');
  expect(events.body.data).toEqual([
    expect.objectContaining({ id: testEvent.body.event_id, run_id: 'run_1' }),
  ]);

  expect((await run('POST', '/v1/destinations', ['createDestination', 'local'])).status).toBe(201);
  const byEvent = await run('POST', `/v1/events/${testEvent.body.event_id}/redeliveries`, [
    'redeliverEvent',
    'all',
  ]);
  const byRun = await run('POST', '/v1/runs/run_1/callback-redeliveries', ['redeliverRunCallbacks', 'all']);
  expect([byEvent.status, byRun.status]).toEqual([202, 202]);
  const deliveries = await run<{ data: object[] }>('GET', '/v1/deliveries');
  expect(deliveries.body.data).toHaveLength(2);

  const path = `/v1/callback-secrets/${made.body.id}`;
  const next = await run<WithId>('POST', `${path}/rotations`, ['rotateCallbackSecret', 'day']);
  expect(next.status).toBe(201);
  expect(await run('DELETE', path)).toMatchObject({ status: 409, body: { code: 'secret_in_use' } });
  await run('PATCH', `/v1/callback-secrets/${next.body.id}`, ['updateCallbackSecret', 'current']);
  await eventually(async () => {
    const another = await run('POST', '/v1/sources/runflow/test-events', ['createTestEvent', 'usual']);
    expect(another.body).toMatchObject({ status_code: 200 });
  }, 1_000);
  expect((await run('DELETE', path)).status).toBe(204);
});

describe('every example of a body is taken as it is', () => {
  const paths: Readonly<Record<string, (ids: Ids) => string>> = {
    createApiKey: () => 'POST /v1/api-keys',
    rotateApiKey: ({ key }) => `POST /v1/api-keys/${key}/rotations`,
    createSource: () => 'POST /v1/sources',
    updateSource: () => 'PATCH /v1/sources/runflow',
    rotateSourceUrl: () => 'POST /v1/sources/guarded/url-rotations',
    createTestEvent: () => 'POST /v1/sources/runflow/test-events',
    createCallbackSecret: () => 'POST /v1/callback-secrets',
    updateCallbackSecret: ({ secret }) => `PATCH /v1/callback-secrets/${secret}`,
    rotateCallbackSecret: ({ secret }) => `POST /v1/callback-secrets/${secret}/rotations`,
    createDestination: () => 'POST /v1/destinations',
    updateDestination: ({ destination }) => `PATCH /v1/destinations/${destination}`,
    rotateDestinationSecret: ({ destination }) => `POST /v1/destinations/${destination}/secret-rotations`,
    redeliverEvent: ({ event }) => `POST /v1/events/${event}/redeliveries`,
    redeliverRunCallbacks: () => 'POST /v1/runs/run_1/callback-redeliveries',
    redeliverEvents: () => 'POST /v1/redeliveries',
  };
  interface Ids {
    readonly key: string;
    readonly secret: string;
    readonly destination: string;
    readonly event: string;
  }

  const examples = Object.entries(bodyExamples).flatMap(([id, byName]) =>
    Object.entries(byName).map(([name, { value }]) => [id, name, value] as const),
  );

  test.each(examples)('%s: %s', async (operationId, _name, value) => {
    if (operationId === 'createTenant') {
      expect((await app.operator('POST', '/v1/tenants', value)).status).toBe(201);
      return;
    }
    const own = await app.tenant();
    if (operationId === 'updateTenant') {
      expect(await app.operator('PATCH', `/v1/tenants/${own.id}`, value)).toMatchObject({
        status: 200,
        body: value as object,
      });
      return;
    }
    await own.ok('POST', '/v1/sources', {
      slug: 'guarded',
      provider: 'callbox',
      config: { url_token: true },
    });
    const makesSource = operationId === 'createSource';
    const source = makesSource ? null : await own.source('runflow');
    const { event_id: event } = makesSource
      ? { event_id: '' }
      : await own.ok<{ event_id: string }>('POST', '/v1/sources/runflow/test-events', {
          body: '{"event":"run.completed","run_id":"run_1"}',
        });
    const { id: destination } = await own.ok<WithId>('POST', '/v1/destinations', {
      name: 'a',
      url: 'http://127.0.0.1:3000/callbacks',
    });
    const { id: key } = await own.ok<WithId>('POST', '/v1/api-keys', { name: 'a', role: 'viewer' });
    const route = paths[operationId]?.({ key, secret: source?.secretId ?? '', destination, event });
    const [method = '', path = ''] = (route ?? '').split(' ');
    const { status, body } = await own.call(method, path, value);
    expect([status, status < 300 ? [] : body]).toEqual([status, []]);
  });
});
