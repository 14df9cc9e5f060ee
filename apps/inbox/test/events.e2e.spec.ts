import { setTimeout as sleep } from 'node:timers/promises';
import { hexHmac, send, TestApp, type TestTenant } from '#testing';
import { CURRENT_KEY, genuineToken } from './qstash-tokens.fixture.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

type Source = Awaited<ReturnType<TestTenant['source']>>;

interface ListedEvent {
  readonly id: string;
  readonly received_at: string;
}

interface Listed {
  readonly data: ListedEvent[];
  readonly next_cursor: string | null;
}

async function runflowEvent(
  source: Source,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await send(source.url, {
    method: 'POST',
    headers: { 'runflow-signature': hexHmac(source.secret, body), ...headers },
    body,
  });
  if (answer.status !== 200) throw new Error(answer.bytes.toString());
  return answer.body['id'] as string;
}

const run = (runId: string, event = 'run.completed'): string => JSON.stringify({ event, run_id: runId });

async function idsOf(tenant: TestTenant, query: string): Promise<string[]> {
  return (await tenant.ok<Listed>('GET', `/v1/events${query}`)).data.map(({ id }) => id);
}

describe('the list of events', () => {
  test('shows what the contract says of each, and nothing else', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const before = Date.now();
    const id = await runflowEvent(source, run('r1'), { 'content-type': 'application/json' });
    const { data } = await tenant.ok<{ data: object[] }>('GET', '/v1/events');
    expect(data).toEqual([
      {
        id,
        source: 'runflow',
        provider: 'runflow',
        type: 'run.completed',
        provider_event_id: 'r1:run.completed',
        run_id: 'r1',
        received_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        method: 'POST',
        path: new URL(source.url).pathname,
        content_type: 'application/json',
        size: run('r1').length,
        duplicate_count: 0,
        verification: { scheme: 'hmac', secret_id: source.secretId, secret_label: 'first', signed_at: null },
        deliveries: { pending: 0, succeeded: 0, failed: 0, held: 0 },
      },
    ]);
    const receivedAt = Date.parse((data[0] as ListedEvent).received_at);
    expect(receivedAt).toBeGreaterThanOrEqual(before);
    expect(receivedAt).toBeLessThanOrEqual(Date.now());
  });

  test('filters by every field, alone and together', async () => {
    const tenant = await app.tenant();
    const runflow = await tenant.source('runflow');
    const qstash = await tenant.source('qstash', { slug: 'q', plainSecret: CURRENT_KEY });
    const [completed, failed, other] = [
      await runflowEvent(runflow, run('r1')),
      await runflowEvent(runflow, run('r1', 'run.failed')),
      await runflowEvent(runflow, run('r2')),
    ];
    const { body } = await send(qstash.url, {
      method: 'POST',
      headers: {
        'upstash-signature': genuineToken({ url: qstash.url, body: '' }),
        'upstash-message-id': 'msg_1',
        'upstash-workflow-runid': 'r1',
      },
      body: '',
    });
    const message = body['id'] as string;
    for (const [query, expected] of [
      ['', [message, other, failed, completed]],
      ['?source=runflow', [other, failed, completed]],
      [`?source=${qstash.id}`, [message]],
      ['?source=nobody', []],
      ['?provider=qstash', [message]],
      ['?provider=callbox', []],
      ['?type=run.completed', [other, completed]],
      ['?type=run.', []],
      ['?run_id=r1', [message, failed, completed]],
      ['?provider_event_id=r1:run.failed', [failed]],
      ['?provider_event_id=msg_1', [message]],
      ['?run_id=r1&provider=runflow&type=run.failed', [failed]],
      ['?run_id=r1&provider=runflow&type=run.failed&source=q', []],
      [`?q=${failed}`, [failed]],
      ['?q=msg_1', [message]],
      ['?q=r2:run.completed', [other]],
      ['?q=r1', [message, failed, completed]],
      ['?q=r', []],
    ] as const) {
      expect([query, await idsOf(tenant, query)]).toEqual([query, expected]);
    }
  });

  test('filters by the time of receipt, bounds left out', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    for (const id of ['r1', 'r2', 'r3']) {
      await runflowEvent(source, run(id));
      await sleep(5);
    }
    const { data } = await tenant.ok<Listed>('GET', '/v1/events');
    const [third, second, first] = data;
    const at = (event?: ListedEvent): string => encodeURIComponent(event?.received_at ?? '');
    expect(await idsOf(tenant, `?received_after=${at(first)}`)).toEqual([third?.id, second?.id]);
    expect(await idsOf(tenant, `?received_before=${at(third)}`)).toEqual([second?.id, first?.id]);
    expect(await idsOf(tenant, `?received_after=${at(first)}&received_before=${at(third)}`)).toEqual([
      second?.id,
    ]);
    expect(await idsOf(tenant, '?received_after=2100-01-01T00:00:00Z')).toEqual([]);
    expect(await idsOf(tenant, '?received_before=1960-01-01T00:00:00%2B02:00')).toEqual([]);
    expect(await idsOf(tenant, '?received_after=1960-01-01T00:00:00Z')).toHaveLength(3);
  });

  test('searches header values exactly, credentials left out', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const id = await runflowEvent(source, run('r1'), {
      'x-request-id': 'Req "42" \\ %',
      authorization: 'Bearer marked-Tk3',
      cookie: 'marked-Ck4',
    });
    await runflowEvent(source, run('r2'));
    const search = (text: string) => idsOf(tenant, `?q=${encodeURIComponent(text)}`);
    expect(await search('Req "42" \\ %')).toEqual([id]);
    for (const text of [
      'Req',
      'req "42" \\ %',
      'x-request-id',
      'Bearer marked-Tk3',
      'marked-Ck4',
      '[redacted]',
    ])
      expect([text, await search(text)]).toEqual([text, []]);
  });

  test('goes page by page, newest first, and stays in place while new events come', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const sent: string[] = [];
    for (let number = 0; number < 7; number += 1) sent.unshift(await runflowEvent(source, run(`r${number}`)));
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Listed = await tenant.ok(
        'GET',
        `/v1/events?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor;
      await runflowEvent(source, run(`new-${seen.length}`));
    }
    expect(seen).toEqual(sent);
  });

  test('has 50 to a page by default and 250 at most', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const ids = await Promise.all(
      Array.from({ length: 55 }, (_, number) => runflowEvent(source, run(`r${number}`))),
    );
    const first = await tenant.ok<Listed>('GET', '/v1/events');
    expect(first.data).toHaveLength(50);
    expect(await idsOf(tenant, `?cursor=${first.next_cursor ?? ''}`)).toHaveLength(5);
    const all = await tenant.ok<Listed>('GET', '/v1/events?limit=250');
    expect(all.data.map(({ id }) => id)).toEqual([...ids].sort().reverse());
    expect(all.next_cursor).toBeNull();
    const exact = await tenant.ok<Listed>('GET', '/v1/events?limit=55');
    expect(exact.next_cursor).toBeNull();
  });

  test.each([
    'limit=0',
    'limit=251',
    'limit=-1',
    'limit=ten',
    'limit=1.5',
    'limit=',
    'cursor=nonsense',
    'received_after=yesterday',
    'received_before=2026-01-01',
    'unknown=1',
    'run_id=a&run_id=b',
    'q=%00',
  ])('refuses %s with 400 and the name of the parameter', async (query) => {
    const tenant = await app.tenant();
    const answer = await tenant.call('GET', `/v1/events?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
  });

  test('is empty for another tenant', async () => {
    const [tenant, other] = [await app.tenant(), await app.tenant()];
    const id = await runflowEvent(await tenant.source('runflow'), run('r1'));
    for (const query of ['', '?run_id=r1', `?q=${id}`, '?source=runflow'])
      expect(await idsOf(other, query)).toEqual([]);
    for (const path of ['', '/body']) {
      const answer = await other.call('GET', `/v1/events/${id}${path}`);
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });
});

describe('one event', () => {
  test('shows credentials as [redacted] and keeps them encrypted', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const id = await runflowEvent(source, run('r1'), {
      authorization: 'Bearer marked-Az1',
      'Proxy-Authorization': 'Basic marked-Pz2',
      COOKIE: 'session=marked-Cz3',
      'x-plain': 'shown',
    });
    const { headers } = await tenant.ok<{ headers: [string, string][] }>('GET', `/v1/events/${id}`);
    expect(headers).toContainEqual(['authorization', '[redacted]']);
    expect(headers).toContainEqual(['Proxy-Authorization', '[redacted]']);
    expect(headers).toContainEqual(['COOKIE', '[redacted]']);
    expect(headers).toContainEqual(['x-plain', 'shown']);
    const { rows } = await app.database.pool.query<{ row: string; bytes: Buffer }>(
      'select c::text as row, c.sensitive_headers as bytes from event_contents c where tenant_id = $1',
      [uuidOf(tenant.id)],
    );
    expect(rows).toHaveLength(1);
    for (const marked of ['marked-Az1', 'marked-Pz2', 'marked-Cz3']) {
      const hex = Buffer.from(marked).toString('hex');
      expect(rows[0]?.row).not.toContain(marked);
      expect(rows[0]?.row).not.toContain(hex);
      expect(rows[0]?.bytes.toString('latin1')).not.toContain(marked);
      expect(app.log.join('')).not.toContain(marked);
    }
    expect(rows[0]?.row).toContain('shown');
  });

  test('shows its body as text or as base64, cut at 256 KiB and never through a character', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('callbox', { slug: 'bodies' });
    const shown = async (body: Buffer) => {
      const { body: answer } = await send(source.url, {
        method: 'POST',
        headers: { 'callbox-signature': hexHmac(source.secret, body) },
        body,
      });
      return tenant.ok<Record<string, unknown>>('GET', `/v1/events/${answer['id'] as string}`);
    };
    const limit = 256 * 1024;
    const binary = Buffer.alloc(limit + 1, 0xff);
    for (const [body, expected] of [
      [Buffer.alloc(0), { body: '', body_truncated: false }],
      [Buffer.from('é\0"'), { body: 'é\0"', body_truncated: false }],
      [Buffer.alloc(limit, 'a'), { body: 'a'.repeat(limit), body_truncated: false }],
      [Buffer.alloc(limit + 1, 'a'), { body: 'a'.repeat(limit), body_truncated: true }],
      [
        Buffer.from(`a${'é'.repeat(limit / 2)}`),
        { body: `a${'é'.repeat(limit / 2 - 1)}`, body_truncated: true },
      ],
      [Buffer.from([0xff, 0]), { body_base64: '/wA=', body_truncated: false }],
      [binary, { body_base64: binary.subarray(0, limit).toString('base64'), body_truncated: true }],
    ] as const) {
      const event = await shown(body);
      expect(event).toMatchObject({ ...expected, size: body.length });
      expect('body' in event).toBe('body' in expected);
      expect('body_base64' in event).toBe('body_base64' in expected);
    }
  });

  test('is shown to a viewer without its body', async () => {
    const tenant = await app.tenant();
    const viewer = await tenant.key('viewer');
    const id = await runflowEvent(await tenant.source('runflow'), run('r1'));
    const answer = await tenant.call('GET', `/v1/events/${id}`, undefined, viewer);
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('body');
    expect(answer.body).not.toHaveProperty('body_base64');
    expect((await tenant.call('GET', `/v1/events/${id}/body`, undefined, viewer)).status).toBe(403);
  });

  test('gives its exact bytes as a download that no browser would show', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const id = await runflowEvent(source, run('r1'), { 'content-type': 'text/html; <x>' });
    const { status, headers, bytes } = await tenant.call('GET', `/v1/events/${id}/body`);
    expect(status).toBe(200);
    expect(bytes.toString()).toBe(run('r1'));
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-length': String(run('r1').length),
    });
    expect(headers['content-disposition']).toMatch(/^attachment;/);
  });

  test('is gone for good when it is deleted', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const id = await runflowEvent(source, run('r1'), { cookie: 'a=1' });
    expect(await runflowEvent(source, run('r1'))).toBe(id);
    expect((await tenant.call('DELETE', `/v1/events/${id}`)).status).toBe(204);
    for (const path of ['', '/body'])
      expect((await tenant.call('GET', `/v1/events/${id}${path}`)).status).toBe(404);
    expect((await tenant.call('DELETE', `/v1/events/${id}`)).status).toBe(404);
    expect(await idsOf(tenant, '')).toEqual([]);
    for (const table of ['event_contents', 'duplicate_counts']) {
      const { rowCount } = await app.database.pool.query(`select from ${table} where tenant_id = $1`, [
        uuidOf(tenant.id),
      ]);
      expect([table, rowCount]).toEqual([table, 0]);
    }
  });

  test.each(['x', '0', '00000000-0000-0000-0000-000000000000', '8'.repeat(26), 'é'])(
    'with an id that is none is refused or not found: %p',
    async (id) => {
      const tenant = await app.tenant();
      expect([400, 404]).toContain((await tenant.call('GET', `/v1/events/${id}`)).status);
    },
  );
});

/** A ULID as the UUID that the tables hold. */
function uuidOf(ulid: string): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const value = [...ulid].reduce((sum, character) => sum * 32n + BigInt(alphabet.indexOf(character)), 0n);
  const hex = value.toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
