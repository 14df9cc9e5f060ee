import { ModulesContainer } from '@nestjs/core';
import { errorRegistry } from '#errors';
import { send, TestApp } from '#testing';
import { ACCESS } from '../../apps/api/operation.js';
import { createOpenApiDocument } from '../../apps/server/openapi.js';
import { openApiFile, operations, readText, routeRules } from './routes.fixture.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

test('openapi.json is fresh (npm run docs writes it), and the server shows the same', async () => {
  const { version } = JSON.parse(readText('package.json')) as { version: string };
  const fresh: unknown = JSON.parse(JSON.stringify(createOpenApiDocument(app.app, version)));
  expect(openApiFile).toEqual(fresh);
  const shown = await send<{ paths: object }>(`${app.url}/openapi.json`);
  expect(shown.status).toBe(200);
  expect(shown.body.paths).toEqual(openApiFile.paths);
});

test('Swagger UI and everything it loads comes from here', async () => {
  const page = (await send(`${app.url}/docs`)).bytes.toString('utf8');
  const assets = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path ?? '');
  expect(assets.length).toBeGreaterThanOrEqual(4);
  for (const path of assets) {
    const answer = await send(new URL(path, `${app.url}/docs`).href);
    expect([path, answer.status, answer.bytes.length > 0]).toEqual([path, 200, true]);
    expect(path).toMatch(/^\.\/docs\//);
  }
  const script = (await send(`${app.url}/docs/swagger-ui-init.js`)).bytes.toString('utf8');
  expect(script).toContain('"operationId": "createSource"');
});

describe('the document', () => {
  test('is OpenAPI 3.1 whose every reference leads somewhere', () => {
    expect(openApiFile.openapi).toMatch(/^3\.1\.\d$/);
    const references = [...JSON.stringify(openApiFile).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to);
    expect(references.length).toBeGreaterThan(100);
    for (const reference of new Set(references)) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(reference ?? '')?.[1] ?? '';
      expect([reference, Object.keys(openApiFile.components.schemas).includes(name)]).toEqual([
        reference,
        true,
      ]);
    }
  });

  test('has no component that nothing refers to', () => {
    const text = JSON.stringify(openApiFile);
    for (const name of Object.keys(openApiFile.components.schemas))
      expect([name, text.includes(`"#/components/schemas/${name}"`)]).toEqual([name, true]);
  });

  test('holds every route of every controller, each with its access', () => {
    const controllers = [...app.app.get(ModulesContainer).values()].flatMap((module) => [
      ...module.controllers.values(),
    ]);
    const handlers = controllers
      .flatMap(({ metatype }) => {
        const prototype = metatype?.prototype as Record<string, () => void>;
        return Object.getOwnPropertyNames(prototype).map((name) => ({ name, handler: prototype[name] }));
      })
      .filter(({ name, handler }) => name !== 'constructor' && Reflect.hasMetadata('path', handler ?? {}));
    const fromControllers = operations.filter(([, { tags }]) => !tags.includes('Inbox'));
    expect(handlers).toHaveLength(fromControllers.length);
    for (const { name, handler } of handlers) {
      const access: unknown = Reflect.getMetadata(ACCESS, handler ?? {});
      expect([name, ['public', 'operator', 'viewer', 'developer', 'admin'].includes(String(access))]).toEqual(
        [name, true],
      );
    }
  });

  test('names every operation once', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z]+(?:[A-Z][a-z]+)+$/);
  });

  test('tells what each tag is for', () => {
    const known = openApiFile.tags.map(({ name }) => name);
    for (const [route, { tags }] of operations)
      expect([route, tags.length, known]).toEqual([route, 1, expect.arrayContaining([...tags])]);
    for (const { name, description } of openApiFile.tags)
      expect([name, description !== '']).toEqual([name, true]);
  });
});

test('a dry run of a redelivery, which is answered 200, is told from the order, which is 202', () => {
  const [, redeliverEvents] = operations.find(([, one]) => one.operationId === 'redeliverEvents') ?? [];
  const schemaOf = (status: string) =>
    redeliverEvents?.responses[status]?.content?.['application/json']?.schema;
  expect(schemaOf('200')).toEqual({ $ref: '#/components/schemas/RedeliveryCount' });
  expect(schemaOf('202')).toEqual({ $ref: '#/components/schemas/Redelivery' });
});

describe.each(operations)('%s', (route, operation) => {
  const access = routeRules[route]?.access;
  const [method = '', path = ''] = route.split(' ');

  test('says what it does and who may call it', () => {
    expect(operation.summary.length).toBeGreaterThan(5);
    const security =
      access === 'public' ? [] : [{ [access === 'operator' ? 'operator_key' : 'api_key']: [] }];
    expect(operation.security).toEqual(security);
    if (access === 'admin' || access === 'developer')
      expect(operation.description).toContain(`\`${access}\``);
  });

  test('has a schema for its answer, and one for its errors', () => {
    const success = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
    const statuses = operation.operationId === 'redeliverEvents' ? 2 : 1;
    expect(success).toHaveLength(statuses);
    const hasBytes = ['getEventBody', 'getMetrics', 'streamEvents'].includes(operation.operationId);
    for (const [status, answer] of success)
      if (status !== '204' && !hasBytes)
        expect(answer.content?.['application/json']?.schema).toHaveProperty('$ref');
    for (const [code, { content }] of Object.entries(operation.responses)) {
      if (Number(code) < 400) continue;
      expect(content?.['application/problem+json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
    }
  });

  test('documents the errors that its kind can have', () => {
    const statuses = Object.keys(operation.responses).map(Number);
    const expected = new Set<number>();
    if (access !== 'public') for (const status of [400, 401, 429, 503]) expected.add(status);
    if (access === 'developer' || access === 'admin') expected.add(403);
    if (path.includes('{')) expected.add(404);
    if (operation.requestBody !== undefined) expected.add(413);
    if (path.startsWith('/v1') && operation.requestBody !== undefined) expected.add(415);
    expect(statuses).toEqual(expect.arrayContaining([...expected]));
  });

  test('has codes of the registry as examples of its errors, with their statuses', () => {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (Number(status) < 400) continue;
      const { examples } = content?.['application/problem+json'] as {
        examples: Record<string, { value: { code: keyof typeof errorRegistry } }>;
      };
      expect(Object.keys(examples).length).toBeGreaterThan(0);
      for (const [name, { value }] of Object.entries(examples)) {
        expect(value.code).toBe(name);
        expect(errorRegistry[value.code].status).toBe(Number(status));
      }
    }
  });

  test('describes every parameter; optional ones have no example, which Swagger UI would send', () => {
    for (const parameter of operation.parameters ?? []) {
      expect([parameter.name, (parameter.description ?? '').length > 0]).toEqual([parameter.name, true]);
      if (parameter.required !== true)
        expect([parameter.name, parameter.schema.example]).toEqual([parameter.name, undefined]);
    }
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => `{${name}}`).sort()).toEqual((path.match(/\{\w+\}/g) ?? []).sort());
  });

  if (operation.requestBody !== undefined)
    test('has examples of its body', () => {
      const [json] = Object.values(operation.requestBody?.content ?? {});
      expect(Object.keys(json?.examples ?? {}).length).toBeGreaterThan(0);
    });
  else test('takes no body', () => expect(['GET', 'DELETE', 'POST']).toContain(method));
});
