import { findPreset, type ProviderSettings, settingProblems } from './index.js';

function problemsOf(id: string, settings: ProviderSettings): readonly string[] {
  const preset = findPreset(id);
  if (preset === null) throw new Error(`no preset ${id}`);
  return settingProblems(preset, settings).map(({ path }) => path);
}

describe('the settings of the generic providers', () => {
  test.each<[id: string, settings: ProviderSettings]>([
    ['hmac', {}],
    ['hmac', { header: 'X-Hub-Signature', algorithm: 'sha1', prefix: 'sha1=' }],
    ['hmac', { timestamp_header: 'X-Time' }],
    ['hmac', { timestamp_header: 'X-Time', template: 'v0:${timestamp}:${body}' }],
    ['hmac', { template: '${method}${url}${body}' }],
    ['hmac-timestamped', { template: '${body}${timestamp}' }],
    ['jwt', { url_claim: 'sub', body_encoding: 'hex' }],
    ['oidc', { issuer: 'https://issuer.example', jwks_url: 'https://issuer.example/keys' }],
    ['api-key', { query_parameter: 'key' }],
  ])('of %s may be %j', (id, settings) => {
    expect(problemsOf(id, settings)).toEqual([]);
  });

  test.each<[what: string, id: string, settings: ProviderSettings, path: string]>([
    ['a template without the body, which would sign nothing', 'hmac', { template: 'v0' }, 'template'],
    ['a time that nothing carries', 'hmac', { template: '${timestamp}.${body}' }, 'template'],
    [
      'a time that is judged but not signed',
      'hmac',
      { timestamp_header: 'X-Time', template: '${body}' },
      'template',
    ],
    ['a time that is judged but not signed', 'hmac-timestamped', { template: '${body}' }, 'template'],
    ['a variable nobody knows', 'hmac', { template: '${body}${secret}' }, 'template'],
    ['a header that is none', 'hmac', { header: 'X Signature' }, 'header'],
    ['a line feed in a prefix', 'hmac', { prefix: 'a\nb' }, 'prefix'],
    ['a broken hash', 'hmac', { algorithm: 'md5' }, 'algorithm'],
    ['keys that come without TLS', 'oidc', { jwks_url: 'http://issuer.example/keys' }, 'jwks_url'],
    ['an issuer of any name', 'jwt', { issuer: '' }, 'issuer'],
    ['a setting it does not have', 'hmac', { headr: 'X-Signature' }, 'headr'],
    ['any setting where there is none', 'stripe', { header: 'X-Signature' }, 'header'],
  ])('are refused for %s (%s)', (_what, id, settings, path) => {
    expect(problemsOf(id, settings)).toEqual([path]);
  });
});
