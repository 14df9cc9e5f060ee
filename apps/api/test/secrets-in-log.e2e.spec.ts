import { eventually, hexHmac, Receiver, send, TestApp } from '#testing';

/** Letters only, so that no encoding of JSON or of a log line hides it. */
const MARK = 'MarkedSecretThatNobodyMayEverReadAgain';

let app: TestApp;
let receiver: Receiver;
beforeAll(async () => {
  app = await TestApp.start({ settings: { logLevel: 'trace' } });
  receiver = await Receiver.start();
});
afterAll(async () => {
  await receiver.stop();
  await app.stop();
});

test('no secret reaches the log, an answer, the metrics or a table in the clear, by whichever path it comes', async () => {
  const tenant = await app.tenant();
  const answers: string[] = [];
  const call = async (method: string, path: string, body?: unknown, key?: string) => {
    const answer = await tenant.call<{ id: string; plain_secret?: string; plain_key?: string }>(
      method,
      path,
      body,
      key,
    );
    answers.push(answer.bytes.toString('utf8').replaceAll(`"plain_secret":"${MARK}`, '"plain_secret":"'));
    return answer;
  };
  const plain_secret = `${MARK}-imported`;
  await call('POST', '/v1/sources', { slug: 'runflow', provider: 'runflow' });
  const secret = await call('POST', '/v1/callback-secrets', { label: 'a', source: 'runflow', plain_secret });
  await call('POST', `/v1/callback-secrets/${secret.body.id}/rotations`, { plain_secret: `${MARK}-rotated` });
  await call('PATCH', `/v1/callback-secrets/${secret.body.id}`, { is_current: true });

  // Refused in every way that a request can be refused.
  await call('POST', '/v1/callback-secrets', { label: 5, plain_secret });
  await call('POST', '/v1/callback-secrets', { label: 'a', source: 'nobody', plain_secret });
  await call('POST', '/v1/callback-secrets', { label: 'a\u0000', plain_secret: `${MARK}\u0000` });
  await call('POST', '/v1/callback-secrets', plain_secret);
  await call('GET', '/v1/sources', undefined, MARK);
  await call('GET', '/v1/tenants', undefined, MARK);
  for (const path of [
    `/v1/sources/${MARK}`,
    `/v1/sources?cursor=${MARK}`,
    `/v1/events?q=${MARK}`,
    `/${MARK}`,
  ])
    await tenant.call('GET', path);
  await send(`${app.url}/v1/callback-secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.adminKey}`, 'content-type': 'application/json' },
    body: `{"plain_secret": ${MARK}}`,
  });

  // Through the inbox, and out again.
  await call('POST', '/v1/destinations', {
    name: 'a',
    url: `${receiver.url}/hook`,
    headers: { 'X-Token': MARK },
  });
  const body = `{"event":"run.completed","run_id":"run_1","password":"${MARK}"}`;
  const url = `${app.url}/in/${tenant.slug}/runflow/path?token=${MARK}`;
  const headers = { authorization: `Bearer ${MARK}`, cookie: `session=${MARK}`, 'x-custom': 'visible' };
  const post = (signature: string) =>
    send<{ id: string }>(url, {
      method: 'POST',
      headers: { ...headers, 'runflow-signature': signature },
      body,
    });
  const event = await eventually(async () => {
    const answer = await post(hexHmac(plain_secret, body));
    expect(answer.status).toBe(200);
    return answer.body.id;
  }, 2_000);
  expect((await post(MARK)).status).toBe(401);
  expect((await post(hexHmac('wrong', body))).status).toBe(401);
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  expect(receiver.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${MARK}`, 'x-token': MARK });
  const shown = await tenant.ok<{ headers: [string, string][] }>('GET', `/v1/events/${event}`);
  answers.push(JSON.stringify(shown.headers));
  expect(shown.headers).toEqual(
    expect.arrayContaining([
      ['authorization', '[redacted]'],
      ['cookie', '[redacted]'],
      ['x-custom', 'visible'],
    ]),
  );
  const metrics = (await send(`${app.url}/metrics`)).bytes.toString('utf8');

  expect(app.log.length).toBeGreaterThan(10);
  expect(app.log.filter((line) => line.includes(MARK))).toEqual([]);
  expect(app.log.filter((line) => line.includes(tenant.adminKey))).toEqual([]);
  expect(answers.filter((answer) => answer.includes(MARK))).toEqual([]);
  expect(metrics).not.toContain(MARK);
  for (const table of [
    'callback_secrets',
    'destinations',
    'destination_secrets',
    'api_keys',
    'sources',
    'tenants',
  ])
    expect([table, await rowsWithMark(table)]).toEqual([table, 0]);
  const { rows } = await app.database.pool.query<{ headers: string }>(
    'select headers::text as headers from event_contents',
  );
  expect(rows.filter((row) => row.headers.includes(MARK))).toEqual([]);
});

/** Rows that hold the mark as text, or as bytes. */
async function rowsWithMark(table: string): Promise<number> {
  const { rows } = await app.database.pool.query<{ row: string }>(`select t::text as row from ${table} t`);
  const hex = Buffer.from(MARK).toString('hex');
  return rows.filter(({ row }) => row.includes(MARK) || row.includes(hex)).length;
}
