import { AddressPolicy } from './address-policy.js';
import { checkUrl } from './destination.js';
import type { NameResolver } from './name-resolver.js';

const strict = new AddressPolicy([]);
const local = new AddressPolicy(['127.0.0.0/8', '::1/128', '10.20.0.0/16']);

/** A resolver with fixed answers; other names do not resolve. */
const names = (answers: Record<string, string[]>): NameResolver => ({
  resolve: (hostname) => Promise.resolve(answers[hostname] ?? []),
});
const nobody = names({});

const codeOf = async (url: string, policy = strict, resolver = nobody): Promise<string> => {
  const check = await checkUrl(url, policy, resolver);
  return check.ok ? 'ok' : check.code;
};

describe('checkUrl', () => {
  it('gives back the parsed URL of a public endpoint', async () => {
    const check = await checkUrl(
      'HTTPS://Hooks.Example.com:443/in?a=1&b=%20',
      strict,
      names({ 'hooks.example.com': ['93.184.215.14'] }),
    );
    expect(check).toEqual({ ok: true, url: new URL('https://hooks.example.com/in?a=1&b=%20') });
  });

  it.each([
    '',
    'example.com',
    '//example.com/',
    '/path',
    'http://',
    'http:///',
    'http://exa mple.com/',
    'http://a:65536/',
    'http://a:x/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'ws://example.com/',
    'gopher://127.0.0.1:6379/_x',
    'http://user@example.com/',
    'http://user:secret@example.com/',
    'http://:secret@example.com/',
    'https://example.com/#',
    'https://example.com/#part',
    'http://[::1',
    'http://[fe80::1%25eth0]/',
    'http://[::1%lo]/',
    'http://1.2.3.4.5/',
    'http://256.1.1.1/',
    'http://0x100000000/',
    'http://xn--a/',
    `https://example.com/${'a'.repeat(5000)}`,
  ])('refuses %s as no URL of a destination', async (url) => {
    expect(await codeOf(url, local)).toBe('url_invalid');
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://127.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://0X7F.0.0.0X1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://１２７.０.０.１/',
    'http://①②⑦.⓪.⓪.①/',
    'http://127。0。0。1/',
    'http://127．0｡0.1/',
    'http://127.0.0.1./',
    'http://%31%32%37.0.0.1/',
    'http:\\\\127.0.0.1\\',
    'http:127.0.0.1',
    'http://@127.0.0.1/',
    ' http://127.0.0.1/',
    'ht\ntp://127.0\t.0.1/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
  ])('takes %j for the loopback address that it is', async (url) => {
    expect(await codeOf(url, strict)).toBe('destination_not_allowed');
    expect(await codeOf(url, local)).toBe('ok');
  });

  it.each([
    'http://0/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xA9FEA9FE/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fd00:ec2::254]/',
    'http://192.168.0.1/',
    'http://[fe80::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://255.255.255.255/',
  ])('refuses %s also when loopback is allowed', async (url) => {
    expect(await codeOf(url, local)).toBe('destination_not_allowed');
  });

  it('judges every address of a name', async () => {
    const resolver = names({
      'public.test': ['93.184.215.14', '2606:4700::1111'],
      'mixed.test': ['93.184.215.14', '10.0.0.1'],
      'mixed6.test': ['93.184.215.14', 'fd00::1'],
      'many.test': [
        ...Array.from({ length: 999 }, (_, index) => `93.184.${index >> 8}.${index & 255}`),
        '127.0.0.1',
      ],
      'metadata.internal': ['169.254.169.254'],
      'inside.test': ['10.20.1.1'],
    });
    expect(await codeOf('https://public.test/', strict, resolver)).toBe('ok');
    for (const host of ['mixed.test', 'mixed6.test', 'many.test', 'metadata.internal', 'inside.test']) {
      expect(await codeOf(`https://${host}/`, strict, resolver)).toBe('destination_not_allowed');
    }
    expect(await codeOf('https://inside.test/', local, resolver)).toBe('ok');
    expect(await codeOf('https://metadata.internal/', local, resolver)).toBe('destination_not_allowed');
  });

  it('lets localhost through when one of its two addresses is allowed, for nobody can rebind it', async () => {
    const resolver = names({ localhost: ['127.0.0.1', '::1'], 'not-localhost.test': ['127.0.0.1', '::1'] });
    const onlyIpv4 = new AddressPolicy(['127.0.0.1/32']);
    expect(await codeOf('http://localhost:3000/', onlyIpv4, resolver)).toBe('ok');
    expect(await codeOf('http://LOCALHOST:3000/', local, resolver)).toBe('ok');
    expect(await codeOf('http://localhost:3000/', strict, resolver)).toBe('destination_not_allowed');
    expect(await codeOf('http://not-localhost.test:3000/', onlyIpv4, resolver)).toBe(
      'destination_not_allowed',
    );
  });

  it('takes a name that does not resolve, now or by an error, for it may later', async () => {
    expect(await codeOf('https://soon.example.com/')).toBe('ok');
    expect(await codeOf('https://soon.example.com:8443/')).toBe('ok');
    const broken: NameResolver = { resolve: () => Promise.reject(new Error('SERVFAIL')) };
    expect(await codeOf('https://soon.example.com/', strict, broken)).toBe('ok');
    expect(await codeOf('https://soon.example.com:5432/')).toBe('destination_not_allowed');
  });

  it.each([0, 1, 22, 25, 53, 111, 445, 2375, 3306, 4222, 5432, 6379, 9200, 11_211])(
    'keeps port %i of public hosts closed, and open in allowed networks',
    async (port) => {
      const resolver = names({ 'public.test': ['93.184.215.14'] });
      expect(await codeOf(`http://93.184.215.14:${port}/`, local)).toBe('destination_not_allowed');
      expect(await codeOf(`http://public.test:${port}/`, local, resolver)).toBe('destination_not_allowed');
      expect(await codeOf(`http://127.0.0.1:${port}/`, local)).toBe(
        port === 0 ? 'destination_not_allowed' : 'ok',
      );
    },
  );

  it('names no address in what it tells', async () => {
    const check = await checkUrl('https://inside.test/', strict, names({ 'inside.test': ['10.20.1.1'] }));
    expect(check.ok).toBe(false);
    expect(JSON.stringify(check)).not.toMatch(/10\.20|inside/);
  });
});
