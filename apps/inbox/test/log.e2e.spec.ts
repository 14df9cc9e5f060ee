import { eventually, hexHmac, send, TestApp } from '#testing';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ settings: { logLevel: 'trace', maxBodyBytes: 1_000 } });
});
afterAll(() => app.stop());

const linesOf = (text: string): Record<string, unknown>[] =>
  app.log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'callback.received')
    .filter((line) => JSON.stringify(line).includes(text));

describe('the log of the inbox', () => {
  test('has one wide line for each callback, with what became of it', async () => {
    const tenant = await app.tenant();
    const { url, secret } = await tenant.source('runflow', { slug: 'logged' });
    const body = '{"run_id":"r1","event":"run.completed"}';
    const post = (signature: string, sent: string = body) =>
      send(url, { method: 'POST', headers: { 'runflow-signature': signature }, body: sent });
    const accepted = await post(hexHmac(secret, body));
    const duplicate = await post(hexHmac(secret, body));
    const refused = await post('0'.repeat(64));
    await post('', 'x'.repeat(1_001));
    await send(url);
    const lines = await eventually(() => {
      const found = linesOf('"logged"');
      expect(found).toHaveLength(5);
      return found;
    });
    const common = { source: 'logged', provider: 'runflow', tenant_id: tenant.id };
    expect(lines).toMatchObject([
      { ...common, outcome: 'accepted', event_id: accepted.body['id'], status: 200, method: 'POST' },
      { ...common, outcome: 'duplicate', event_id: duplicate.body['id'], status: 200 },
      { ...common, outcome: 'rejected', reason: 'signature_mismatch', status: 401 },
      { ...common, outcome: 'rejected', reason: 'body_too_large', status: 413 },
      { ...common, outcome: 'method_not_allowed', status: 405, method: 'GET' },
    ]);
    for (const line of lines) expect(typeof line['duration_ms']).toBe('number');
    expect(refused.body['instance']).toBe(`urn:callbox:request:${lines[2]?.['request_id'] as string}`);
  });

  test('holds nothing that a callback brought: no query, path, header, body or secret', async () => {
    const tenant = await app.tenant();
    const marked = 'marked-Lg5';
    const { url, secret } = await tenant.source('runflow', {
      plainSecret: `whsec_${marked}-0123456789abcdef`,
    });
    const body = JSON.stringify({ run_id: marked, event: marked });
    for (const signature of [hexHmac(secret, body), marked])
      await send(`${url}/${marked}?token=${marked}`, {
        method: 'POST',
        headers: { 'runflow-signature': signature, 'x-a': marked, authorization: marked, cookie: marked },
        body,
      });
    await send(`${app.url}/in/${marked.toLowerCase()}/x?${marked}`, { method: 'POST', body });
    expect(app.log.join('').toLowerCase()).not.toContain(marked.toLowerCase());
    expect(app.log.join('')).not.toContain(hexHmac(secret, body));
  });

  test('is counted by provider and outcome for Prometheus', async () => {
    const tenant = await app.tenant();
    const { url, secret } = await tenant.source('callbox', { slug: 'counted' });
    await send(url, { method: 'POST', headers: { 'callbox-signature': hexHmac(secret, 'x') }, body: 'x' });
    await send(url, { method: 'POST', body: 'x' });
    const metrics = (await send(`${app.url}/metrics`)).bytes.toString();
    expect(metrics).toMatch(/callbox_callbacks_total\{provider="callbox",outcome="accepted"\} 1\b/);
    expect(metrics).toMatch(/callbox_callbacks_total\{provider="callbox",outcome="rejected"\} 1\b/);
    expect(metrics).not.toContain(tenant.slug);
  });
});
