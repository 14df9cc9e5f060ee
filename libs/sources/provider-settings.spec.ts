import { findPreset, listPresets, type ProviderPreset } from '#providers';
import { checkConfig, requiresBearer, secretHolderOf } from './provider-settings.js';
import type { Source, SourceConfig } from './source.entity.js';

const REQUIRE: SourceConfig = { require: ['bearer'] };

function preset(id: string): ProviderPreset {
  const found = findPreset(id);
  if (found === null) throw new Error(`no provider ${id}`);
  return found;
}

function holder(provider: string, config: SourceConfig = {}) {
  const source: Source = {
    tenant_id: 'tenant',
    id: 'source',
    slug: provider,
    name: provider,
    provider,
    config,
    status: 'active',
    created_at: new Date(0),
    deleted_at: null,
  };
  return secretHolderOf(source);
}

describe('a bearer token on top of the signature', () => {
  test('can be required of every provider but those whose own scheme fills Authorization', () => {
    const refused = listPresets().filter((one) => {
      const settings = one.urlToken === true ? { accept_unverified: true } : {};
      try {
        checkConfig(one, one.configuration === undefined ? REQUIRE : { ...settings, ...REQUIRE });
        return false;
      } catch (error) {
        return (error as Error).message.startsWith('config.require');
      }
    });
    const ids = refused.map(({ id }) => id);
    for (const id of ['basic', 'bearer', 'jwt', 'oidc', 'google-pubsub', 'okta', 'tiktok-shop'])
      expect(ids).toContain(id);
    for (const id of [
      'runflow',
      'qstash',
      'upstash-workflow',
      'callbox',
      'stripe',
      'unverified',
      'gitlab-token',
    ])
      expect(ids).not.toContain(id);
    for (const { scheme } of refused)
      expect(scheme.signatureHeaders.map((name) => name.toLowerCase())).toContain('authorization');
  });

  test('goes by the scheme that the settings of the source make', () => {
    expect(() => checkConfig(preset('jwt'), { ...REQUIRE, header: 'AUTHORIZATION' })).toThrow(
      /config\.require/,
    );
    expect(() => checkConfig(preset('jwt'), { ...REQUIRE, header: 'X-Token' })).not.toThrow();
    expect(() => checkConfig(preset('jwt'), { header: 'Authorization', require: [] })).not.toThrow();
  });

  test('is required by ["bearer"] alone', () => {
    expect([REQUIRE, { require: [] }, {}].map(requiresBearer)).toEqual([true, false, false]);
  });
});

test('whom a secret is for says what is known of secrets of that provider', () => {
  expect(holder('qstash', REQUIRE)).toMatchObject({ secretPrefix: 'sig_', bearer: 'required' });
  expect(holder('upstash-workflow')).toMatchObject({ secretPrefix: 'sig_', bearer: 'possible' });
  expect(holder('runflow')).toMatchObject({ secretPrefix: 'whsec_', secretSource: 'either' });
  expect(holder('supabase').secretPrefix).toBe('v1,whsec_');
  expect(holder('github').secretPrefix).toBeNull();
  expect(holder('unverified')).toMatchObject({
    secretPrefix: null,
    secretSource: 'none',
    bearer: 'possible',
  });
  expect(holder('basic').bearer).toBe('impossible');
});
