import { createHash } from 'node:crypto';
import { keyOf } from './conformance.fixture.js';
import { type Callback, findPreset, listPresets, type ProviderPreset } from './index.js';

function presetOf(id: string): ProviderPreset {
  const preset = findPreset(id);
  if (preset === null) throw new Error(`no preset ${id}`);
  return preset;
}

const callback: Callback = {
  method: 'POST',
  url: 'https://inbox.example/in/t/s',
  headers: [['x-adobesign-clientid', 'CBJCHBCAABAA']],
  body: Buffer.from('{}'),
  json: {},
};

describe('the answers that are made anew for each callback', () => {
  test('never lack the fields that stand for all of them', () => {
    for (const { id, reply } of listPresets().filter((preset) => preset.reply?.made !== undefined))
      expect([id, reply?.body]).toEqual([id, expect.stringContaining('…')]);
  });

  test('of Adobe Sign repeat the client id in header and body', () => {
    expect(presetOf('adobe-sign').reply?.made?.({ callback, key: null, nowMs: 0 })).toEqual({
      headers: [['X-AdobeSign-ClientId', 'CBJCHBCAABAA']],
      body: '{"xAdobeSignClientId":"CBJCHBCAABAA"}',
    });
  });

  test('of Praxis are signed with the merchant secret over status and time', () => {
    const { reply, scheme } = presetOf('praxis');
    const secret = 'example-secret-for-tests-only';
    const made = reply?.made?.({ callback, key: keyOf(scheme, secret), nowMs: 1_700_000_000_999 });
    const signature = createHash('sha384').update(`01700000000${secret}`).digest('hex');
    expect(made?.headers).toEqual([['Gt-Authentication', signature]]);
    expect(JSON.parse(made?.body ?? '')).toEqual({
      status: 0,
      description: 'OK',
      version: '1.3',
      timestamp: 1_700_000_000,
    });
  });
});

describe('the values that Praxis signs', () => {
  const { scheme } = presetOf('praxis');
  const secret = 'example-secret-for-tests-only';
  const verify = (rate: string, spelled: string) => {
    const body = `{"merchant_id":"m","transaction":{"conversion_rate":${rate}}}`;
    const signature = createHash('sha384').update(`m${spelled}${secret}`).digest('hex');
    const request = {
      ...callback,
      headers: [['Gt-Authentication', signature]] as const,
      body: Buffer.from(body),
    };
    return scheme.verify(request, [keyOf(scheme, secret)], { nowMs: 0 });
  };

  test.each([
    ['1.000000', '1'],
    ['0.859', '0.859'],
    ['"1.000000"', '1.000000'],
    ['null', ''],
    ['100', '100'],
  ])('are spelled as PHP prints them: %s', async (rate, spelled) => {
    expect(await verify(rate, spelled)).toMatchObject({ ok: true });
  });

  test.each(['0.8591234567890123', '1e30', '1e-9', 'true', '{}', '[1]'])(
    'have no spelling to rely on when they are %s',
    async (rate) => {
      expect(await verify(rate, rate)).toEqual({ ok: false, reason: 'signature_malformed' });
    },
  );
});
