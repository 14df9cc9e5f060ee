import { hexHmac, send, TestApp } from '#testing';

test('counts of a process that has stopped are there for the next one', async () => {
  const first = await TestApp.start();
  try {
    const tenant = await first.tenant();
    const { secret, secretId, url } = await tenant.source('runflow');
    for (const run of ['a', 'b', 'c']) {
      const body = `{"run_id":"${run}"}`;
      await send(url, { method: 'POST', headers: { 'runflow-signature': hexHmac(secret, body) }, body });
    }
    const second = await TestApp.start({ database: first.database });
    await first.app.close();
    const answer = await send(`${second.url}/v1/callback-secrets/${secretId}`, {
      headers: { authorization: `Bearer ${tenant.adminKey}` },
    });
    await second.stop();
    expect(answer.body).toMatchObject({ verified_count: 3 });
  } finally {
    await first.stop();
  }
});
