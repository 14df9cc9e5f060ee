import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Receiver as QstashReceiver } from '@upstash/qstash';
import express from 'express';
import { validateRequestWithBody } from 'twilio';
import { eventually, hexHmac, qstashToken, type ReceivedRequest, send } from '#testing';
import {
  callQstash,
  callRunflow,
  deliveryThat,
  destination,
  Delivering,
  runflowBody,
  type ShownRedelivery,
} from './delivering.fixture.js';

const delivering = Delivering.forThisFile();
const { receivers } = delivering;

const CURRENT_KEY = 'sig_current-key-of-the-tests-0123456';
const NEXT_KEY = 'sig_next-key-of-the-tests-0123456789';
const official = new QstashReceiver({ currentSigningKey: CURRENT_KEY, nextSigningKey: NEXT_KEY });

function headerOf(request: ReceivedRequest | undefined, name: string): string {
  const value = request?.headers[name];
  if (typeof value !== 'string') throw new Error(`not exactly one header ${name}`);
  return value;
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

async function tenantWith(provider: string, plainSecret?: string, settings: object = {}) {
  const tenant = await delivering.app.tenant();
  const source = await tenant.source(provider, plainSecret === undefined ? {} : { plainSecret });
  const receiver = await receivers.start();
  const url = `${receiver.url}/app/callbacks?x=1`;
  return { tenant, source, receiver, url, made: await destination(tenant, url, settings) };
}

describe('native signing of Twilio', () => {
  test('puts the hash of a body that is no form into the URL, as the official library wants it', async () => {
    const token = 'an-auth-token-of-the-tests';
    const { source, receiver, url } = await tenantWith('twilio', token);
    const body = '{"hello": "José 😀"}';
    const told = `${source.url}?bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
    const signature = createHmac('sha1', token).update(told).digest('base64');
    const headers = { 'content-type': 'application/json', 'x-twilio-signature': signature };
    expect((await send(told, { method: 'POST', headers, body })).status).toBe(200);
    await eventually(() => expect(receiver.requests).toHaveLength(1));

    const [request] = receiver.requests;
    const arrivedAt = new URL(request?.path ?? '', url).href;
    expect(arrivedAt.startsWith(`${url}&bodySHA256=`)).toBe(true);
    const fresh = headerOf(request, 'x-twilio-signature');
    expect(validateRequestWithBody(token, fresh, arrivedAt, body)).toBe(true);
    expect(validateRequestWithBody(token, fresh, arrivedAt, `${body} `)).toBe(false);
  });
});

describe('native signing of QStash', () => {
  test('is accepted by the official Receiver, with the url, at the first attempt, the retry and the redelivery', async () => {
    const { tenant, source, receiver, url } = await tenantWith('qstash', CURRENT_KEY, {
      retry: { schedule_seconds: [0] },
    });
    receiver.answer({ status: 500 });
    const eventId = await callQstash(source, '{"hello": "José 😀"}');
    await deliveryThat(tenant, eventId, { status: 'succeeded', attempt_count: 2 });
    await tenant.ok('POST', `/v1/events/${eventId}/redeliveries`);
    await eventually(() => expect(receiver.requests).toHaveLength(3));

    const tokens = receiver.requests.map((request) => headerOf(request, 'upstash-signature'));
    for (const [index, signature] of tokens.entries()) {
      const body = receiver.requests[index]?.body.toString('utf8') ?? '';
      await expect(official.verify({ signature, body, url })).resolves.toBe(true);
    }
    expect(new Set(tokens.map((token) => claimsOf(token)['jti'])).size).toBe(3);
  });

  test('is accepted long after the original signature has expired', async () => {
    const { tenant, source, receiver, url } = await tenantWith('qstash', CURRENT_KEY);
    const body = '{"late":true}';
    const now = Math.floor(Date.now() / 1_000);
    const original = qstashToken(
      CURRENT_KEY,
      { url: source.url, body },
      { iat: now - 298, nbf: now - 298, exp: now + 2 },
    );
    const eventId = await callQstash(source, body, { 'Upstash-Signature': original });
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    await eventually(() => expect(official.verify({ signature: original, body })).rejects.toThrow());

    await tenant.ok('POST', `/v1/events/${eventId}/redeliveries`);
    await eventually(() => expect(receiver.requests).toHaveLength(2));
    const signature = headerOf(receiver.requests[1], 'upstash-signature');
    await expect(official.verify({ signature, body, url })).resolves.toBe(true);
    const { iat, exp, nbf, sub, iss, aud, body: claimed } = claimsOf(signature);
    const sentAt = Math.floor((receiver.requests[1]?.atMs ?? 0) / 1_000);
    expect(exp).toBeGreaterThanOrEqual(sentAt + 295);
    expect(iat).toBeGreaterThanOrEqual(sentAt - 10);
    expect([iat, nbf]).toEqual([nbf, iat]);
    expect({ sub, iss, aud }).toEqual({ sub: url, iss: 'Upstash', aud: '' });
    expect(claimed).toBe(createHash('sha256').update(body).digest('base64url') + '=');
  });

  test('keeps every header of QStash, once and unchanged, credentials included', async () => {
    const { tenant, source, receiver } = await tenantWith('qstash', CURRENT_KEY);
    const sent = {
      'Upstash-Message-Id': 'msg_kept',
      'Upstash-Retried': '2',
      'Upstash-Schedule-Id': 'scd_1',
      'Upstash-Caller-Ip': '203.0.113.9',
      'Upstash-Label': 'nightly',
      'upstash-region': 'EU-CENTRAL-1',
      Authorization: 'Bearer of-the-app',
      'User-Agent': 'Upstash-QStash',
      'X-Custom_Header': 'as it is',
    };
    const eventId = await callQstash(source, '{}', sent);
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    await tenant.ok('POST', `/v1/events/${eventId}/redeliveries`);
    await eventually(() => expect(receiver.requests).toHaveLength(2));
    for (const { rawHeaders } of receiver.requests) {
      const pairs = rawHeaders.flatMap((name, index) =>
        index % 2 === 0 ? [[name, rawHeaders[index + 1]]] : [],
      );
      for (const pair of Object.entries(sent)) expect(pairs).toContainEqual(pair);
      const names = pairs.map(([name]) => name?.toLowerCase());
      expect(names.filter((name) => name === 'upstash-signature')).toHaveLength(1);
      expect(names.filter((name) => name === 'host' || name === 'content-length')).toHaveLength(2);
    }
  });

  test('signs with the current secret, and after it expired with the one that is left', async () => {
    const { tenant, source, receiver } = await tenantWith('qstash', CURRENT_KEY);
    await tenant.ok('POST', '/v1/callback-secrets', {
      label: 'next',
      source: 'qstash',
      plain_secret: NEXT_KEY,
    });
    const knowsOne = (key: string) => new QstashReceiver({ currentSigningKey: key, nextSigningKey: key });
    const first = await callQstash(source, '{"n":1}');
    await deliveryThat(tenant, first, { status: 'succeeded' });
    await tenant.ok('DELETE', `/v1/callback-secrets/${source.secretId}?force=true`);
    await tenant.ok('POST', `/v1/events/${first}/redeliveries`);
    await eventually(() => expect(receiver.requests).toHaveLength(2));
    const [before, after] = receiver.requests.map((request) => headerOf(request, 'upstash-signature'));
    await expect(knowsOne(CURRENT_KEY).verify({ signature: before ?? '', body: '{"n":1}' })).resolves.toBe(
      true,
    );
    await expect(knowsOne(NEXT_KEY).verify({ signature: after ?? '', body: '{"n":1}' })).resolves.toBe(true);
  });
});

describe('native signing of Runflow', () => {
  /** The handler of Runflow's documentation, which knows one secret. */
  async function runflowApp(secret: string): Promise<{ url: string; seen: string[]; stop: () => void }> {
    const seen: string[] = [];
    const handler = express();
    handler.post('/callbacks', express.raw({ type: 'application/json' }), (request, response) => {
      const body = request.body as Buffer;
      const expected = Buffer.from(createHmac('sha256', secret).update(body).digest('hex'));
      const given = Buffer.from(request.header('Runflow-Signature') ?? '');
      if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
        response.status(401).send('invalid signature');
        return;
      }
      seen.push((JSON.parse(body.toString('utf8')) as { run_id: string }).run_id);
      response.status(200).send('ok');
    });
    const server = handler.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks`,
      seen,
      stop: () => (server.closeAllConnections(), server.close()),
    };
  }

  test('is accepted by its Express handler, also while a second secret is being introduced', async () => {
    const tenant = await delivering.app.tenant();
    const source = await tenant.source('runflow');
    const handler = await runflowApp(source.secret);
    try {
      await destination(tenant, handler.url);
      const eventId = await callRunflow(source, runflowBody('run_express'));
      await deliveryThat(tenant, eventId, { status: 'succeeded' });
      await tenant.ok('POST', `/v1/callback-secrets/${source.secretId}/rotations`);
      await tenant.ok('POST', `/v1/events/${eventId}/redeliveries`);
      await eventually(() => expect(handler.seen).toEqual(['run_express', 'run_express']));
    } finally {
      handler.stop();
    }
  });
});

describe('the bytes of a callback', () => {
  test.each([
    ['spaces and line ends', Buffer.from('{ "a" : 1 ,\r\n\t"b":[ ] }  ')],
    ['escapes', Buffer.from('{"name":"\\u00e9\\/\\ud83d\\ude00","n":1.0,"big":12345678901234567890}')],
    ['invalid UTF-8', Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28])],
    ['a byte order mark', Buffer.from('\ufeff{}')],
    ['nothing', Buffer.alloc(0)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, index) => index))],
    ['a megabyte', Buffer.alloc(1_048_576, 'x\u00e9')],
  ])('arrive unchanged at every delivery: %s', async (_name, body) => {
    const { tenant, source, receiver } = await tenantWith('callbox');
    const headers = { 'callbox-signature': hexHmac(source.secret, body), 'content-type': 'application/json' };
    const { body: answer } = await send<{ id: string }>(source.url, { method: 'POST', headers, body });
    await deliveryThat(tenant, answer.id, { status: 'succeeded' });
    await tenant.ok('POST', `/v1/events/${answer.id}/redeliveries`);
    await eventually(() => expect(receiver.requests).toHaveLength(2));
    for (const request of receiver.requests) {
      expect(request.body.equals(body)).toBe(true);
      expect(headerOf(request, 'callbox-signature')).toBe(hexHmac(source.secret, body));
      expect(headerOf(request, 'content-length')).toBe(String(body.length));
    }
  });
});

describe('standard-webhooks signing', () => {
  /** By hand, as the specification says. */
  function expectSigned(request: ReceivedRequest, secret: string): void {
    const id = headerOf(request, 'webhook-id');
    const timestamp = headerOf(request, 'webhook-timestamp');
    expect(Math.abs(Number(timestamp) * 1_000 - request.atMs)).toBeLessThan(3_000);
    const signature = createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
      .update(`${id}.${timestamp}.`)
      .update(request.body)
      .digest('base64');
    expect(headerOf(request, 'webhook-signature').split(' ')).toContain(`v1,${signature}`);
  }

  test('signs with the secret of the destination, afresh for each attempt, under the same id', async () => {
    const { tenant, source, receiver, made } = await tenantWith('runflow', undefined, {
      signing: 'standard-webhooks',
      retry: { schedule_seconds: [0] },
    });
    receiver.answer({ status: 500 });
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    await tenant.ok('POST', `/v1/events/${eventId}/redeliveries`);
    await eventually(() => expect(receiver.requests).toHaveLength(3));
    for (const request of receiver.requests) expectSigned(request, made.signing_secret);
    expect(new Set(receiver.requests.map((request) => headerOf(request, 'webhook-id')))).toEqual(
      new Set([eventId]),
    );
  });

  test('signs with both secrets during a rotation, and with the new one alone after it', async () => {
    const { tenant, source, receiver, made } = await tenantWith('runflow', undefined, {
      signing: 'standard-webhooks',
    });
    const rotate = (overlap_seconds: number) =>
      tenant.ok<{ signing_secret: string }>('POST', `/v1/destinations/${made.id}/secret-rotations`, {
        overlap_seconds,
      });
    const second = await rotate(3_600);
    await deliveryThat(tenant, await callRunflow(source), { status: 'succeeded' });
    const third = await rotate(0);
    await deliveryThat(tenant, await callRunflow(source), { status: 'succeeded' });
    const [during, after] = receiver.requests;
    if (during === undefined || after === undefined) throw new Error('nothing was delivered');
    expectSigned(during, made.signing_secret);
    expectSigned(during, second.signing_secret);
    expect(headerOf(during, 'webhook-signature').split(' ')).toHaveLength(2);
    expectSigned(after, third.signing_secret);
    expect(headerOf(after, 'webhook-signature').split(' ')).toHaveLength(1);
  });

  test('takes the place of native signing when the source has no secret left', async () => {
    const { tenant, source, receiver, made } = await tenantWith('runflow');
    const eventId = await callRunflow(source);
    await deliveryThat(tenant, eventId, { status: 'succeeded' });
    await tenant.ok('DELETE', `/v1/callback-secrets/${source.secretId}?force=true`);
    await tenant.ok('POST', `/v1/events/${eventId}/redeliveries`);
    await eventually(() => expect(receiver.requests).toHaveLength(2));
    if (receiver.requests[1] === undefined) throw new Error('nothing was delivered');
    expectSigned(receiver.requests[1], made.signing_secret);
  });
});

test('signing none adds no signature and passes the original one on', async () => {
  const { tenant, source, receiver } = await tenantWith('callbox', undefined, { signing: 'none' });
  const headers = { 'Callbox-Signature': hexHmac(source.secret, 'x') };
  const { body } = await send<{ id: string }>(source.url, { method: 'POST', headers, body: 'x' });
  await deliveryThat(tenant, body.id, { status: 'succeeded' });
  const [request] = receiver.requests;
  expect(headerOf(request, 'callbox-signature')).toBe(headers['Callbox-Signature']);
  expect(Object.keys(request?.headers ?? {}).filter((name) => name.startsWith('webhook-'))).toEqual([]);
});

test('forged headers of ours do not get through, and a destination’s own headers win over those of the callback', async () => {
  const { tenant, source, receiver } = await tenantWith('qstash', CURRENT_KEY, {
    headers: { authorization: 'Bearer of-the-destination', 'Content-Type': 'text/plain' },
  });
  const eventId = await callQstash(source, '{}', {
    'Callbox-Event-Id': 'forged',
    'callbox-attempt': '99',
    'callbox-anything': 'forged',
    Authorization: 'Bearer of-the-sender',
  });
  await deliveryThat(tenant, eventId, { status: 'succeeded' });
  expect(receiver.requests[0]?.headers).toMatchObject({
    'callbox-event-id': eventId,
    'callbox-attempt': '1',
    authorization: 'Bearer of-the-destination',
    'content-type': 'text/plain',
  });
  expect(receiver.requests[0]?.rawHeaders).not.toContain('forged');
});

test('a redelivery of a run goes oldest first', async () => {
  const { tenant, source, receiver } = await tenantWith('runflow', undefined, { max_in_flight: 1 });
  const events = ['run.queued', 'run.started', 'run.partial', 'run.completed', 'run.archived'];
  const ids: string[] = [];
  for (const event of events) ids.push(await callRunflow(source, runflowBody('run_ordered', event)));
  await eventually(() => expect(receiver.requests).toHaveLength(5));
  const ordered = await tenant.ok<ShownRedelivery>('POST', '/v1/runs/run_ordered/callback-redeliveries');
  expect(ordered.deliveries.map(({ event_id }) => event_id)).toEqual(ids);
  await eventually(() => expect(receiver.requests).toHaveLength(10));
  const redelivered = receiver.requests
    .slice(5)
    .map(({ body }) => JSON.parse(body.toString()) as { event: string });
  expect(redelivered.map(({ event }) => event)).toEqual(events);
});
