import {
  type ArgumentsHost,
  BadRequestException,
  ForbiddenException,
  NotFoundException,
} from '@nestjs/common';
import { malformed, problem, ProblemFilter } from './index.js';

interface Written {
  status?: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/** Runs an error through the filter; gives back what was answered and what was logged. */
function write(error: unknown, url = '/v1/sources') {
  const written: Written = { headers: {}, body: {} };
  const reply = {
    status: (status: number) => Object.assign(reply, void (written.status = status)),
    header: (name: string, value: string) => Object.assign(reply, void (written.headers[name] = value)),
    send: (body: Buffer) => (written.body = JSON.parse(body.toString()) as Record<string, unknown>),
  };
  const logged: Record<string, unknown>[] = [];
  const filter = new ProblemFilter({ error: (facts) => logged.push(facts) }, (path) =>
    path === '/v1/sources' ? ['GET', 'POST'] : [],
  );
  const host = { switchToHttp: () => ({ getRequest: () => ({ id: 'r1', url }), getResponse: () => reply }) };
  filter.catch(error, host as unknown as ArgumentsHost);
  return { ...written, logged };
}

describe('an error', () => {
  test('of ours is written as it was meant', () => {
    const error = problem('secret_in_use', {
      members: { last_verified_at: 'then' },
      headers: { 'x-a': '1' },
    });
    expect(write(error)).toEqual({
      status: 409,
      headers: { 'content-type': 'application/problem+json', 'x-a': '1' },
      body: {
        type: 'urn:callbox:error:secret_in_use',
        title: 'The callback secret is still in use',
        status: 409,
        code: 'secret_in_use',
        detail: 'The callback secret is still in use',
        instance: 'urn:callbox:request:r1',
        last_verified_at: 'then',
      },
      logged: [],
    });
  });

  test('of bad fields names the first one in words and each one by its path', () => {
    const errors = [
      { path: 'a.b', message: 'is wrong' },
      { path: '', message: 'is odd' },
    ];
    expect(write(malformed(errors)).body).toMatchObject({
      code: 'malformed_request',
      detail: 'a.b: is wrong',
      errors,
    });
  });

  test.each([
    [new BadRequestException('bad'), 400, 'malformed_request'],
    [new ForbiddenException(), 403, 'forbidden'],
    [Object.assign(new Error('too large'), { statusCode: 413 }), 413, 'body_too_large'],
    [Object.assign(new Error('type'), { statusCode: 415 }), 415, 'unsupported_media_type'],
    [Object.assign(new Error('teapot'), { statusCode: 418 }), 400, 'malformed_request'],
  ])('of the framework becomes one of ours: %s', (error, status, code) => {
    expect(write(error)).toMatchObject({ status, body: { status, code }, logged: [] });
  });

  test('of a wrong method on a known path names the right ones', () => {
    expect(write(new NotFoundException(), '/v1/sources?a=1')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, POST' },
      body: { code: 'method_not_allowed' },
    });
    expect(write(new NotFoundException(), '/nothing')).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });

  test.each(['ECONNREFUSED', 'ECONNRESET', '57P01', '08006', '53300'])(
    'of the database being away (%s) is 503',
    (code) => {
      expect(write(Object.assign(new Error('secret detail'), { code }))).toMatchObject({
        status: 503,
        body: { code: 'unavailable' },
      });
    },
  );

  test.each([new Error('secret detail'), 'secret detail', null, undefined, { message: 'secret detail' }])(
    'that nobody expected is hidden and logged once: %s',
    (error) => {
      const { status, body, logged } = write(error);
      expect([status, body['code']]).toEqual([500, 'internal']);
      expect(JSON.stringify(body)).not.toContain('secret detail');
      expect(logged).toEqual([{ error, request_id: 'r1' }]);
    },
  );
});
