import { findPreset, listPresets } from './index.js';

describe('the table of providers', () => {
  test('has the seeds', () => {
    expect(listPresets().map(({ id }) => id)).toEqual(
      expect.arrayContaining(['callbox', 'runflow', 'qstash', 'upstash-workflow']),
    );
  });

  test('finds each of its presets by its id, and nobody else', () => {
    for (const preset of listPresets()) expect(findPreset(preset.id)).toBe(preset);
    for (const id of ['', 'Runflow', 'nobody', '__proto__', 'constructor']) expect(findPreset(id)).toBeNull();
  });

  test.each(listPresets().map((preset) => [preset.id, preset] as const))(
    'describes %s completely',
    (id, preset) => {
      expect(id).toMatch(/^[a-z0-9-]+$/);
      expect(preset.name).not.toBe('');
      expect(new URL(preset.docsUrl).protocol).toBe('https:');
      expect(preset.checkedOn).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(preset.secret.format).not.toBe('');
      for (const name of preset.tokenHeaders ?? []) expect(name).toBe(name.toLowerCase());
    },
  );

  test.each(listPresets().map((preset) => [preset.id, preset.scheme] as const))(
    '%s fails closed without a secret',
    async (_id, scheme) => {
      if (scheme.secretUse === 'none') return;
      for (const plainSecret of ['', ' ', '\n', 'whsec_'])
        expect(scheme.prepareKey(plainSecret).ok).toBe(false);
      const request = { method: 'POST', url: 'https://inbox.example/', headers: [], body: Buffer.alloc(0) };
      expect(await scheme.verify(request, [], { nowMs: 0 })).toEqual({ ok: false, reason: 'no_secret' });
    },
  );

  const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const signers = listPresets().flatMap(({ id, scheme }) =>
    scheme.sign !== undefined && scheme.prepareKey(SECRET).ok ? [[id, scheme] as const] : [],
  );

  test('has the seeds among those that can sign with a generated secret', () => {
    expect(signers.map(([id]) => id)).toEqual(
      expect.arrayContaining(['callbox', 'runflow', 'qstash', 'upstash-workflow']),
    );
  });

  test.each(signers)('%s verifies what it signs, and no other body', async (_id, scheme) => {
    const prepared = scheme.prepareKey(SECRET);
    const keys = prepared.ok ? [{ id: 'secret-1', material: prepared.material }] : [];
    const clock = { nowMs: Date.UTC(2026, 0, 1) };
    const request = {
      method: 'POST',
      url: 'https://app.example/callbacks?x=1',
      headers: [['Content-Type', 'application/json']] as const,
      body: Buffer.from('{"event":"run.completed"}'),
    };
    const signed = {
      ...request,
      headers: [...request.headers, ...((await scheme.sign?.(request, keys, clock)) ?? [])],
    };
    expect(await scheme.verify(signed, keys, clock)).toMatchObject({ ok: true, keyId: 'secret-1' });
    const altered = { ...signed, body: Buffer.from('{"event":"run.failed"}') };
    expect(await scheme.verify(altered, keys, clock)).toMatchObject({ ok: false });
  });
});
