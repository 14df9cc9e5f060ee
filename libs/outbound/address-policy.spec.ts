import ipaddr from 'ipaddr.js';
import { AddressPolicy, canonicalAddress, isWebPort, parseAllowList } from './address-policy.js';

const strict = new AddressPolicy([]);
const words = (text: string): string[] => text.trim().split(/\s+/);

const REFUSED: Record<string, string[]> = {
  'this network': words('0.0.0.0 0.0.0.1 0.1.2.3 0.255.255.255'),
  loopback: words('127.0.0.0 127.0.0.1 127.0.1.1 127.1.2.3 127.255.255.254 127.255.255.255'),
  'private networks':
    words(`10.0.0.0 10.0.0.1 10.1.2.3 10.255.255.255 172.16.0.0 172.16.0.1 172.20.10.5 172.31.255.255
    192.168.0.0 192.168.0.1 192.168.1.254 192.168.255.255`),
  'carrier-grade NAT': words('100.64.0.0 100.64.0.1 100.100.100.100 100.100.100.200 100.127.255.255'),
  'link-local and metadata': words(`169.254.0.0 169.254.0.1 169.254.169.123 169.254.169.253 169.254.169.254
    169.254.170.2 169.254.170.23 169.254.255.255 168.63.129.16 192.0.0.192`),
  'protocol assignments': words('192.0.0.0 192.0.0.8 192.0.0.170 192.0.0.255'),
  documentation: words('192.0.2.0 192.0.2.1 192.0.2.255 198.51.100.0 198.51.100.7 203.0.113.0 203.0.113.255'),
  'AS112, AMT and 6to4 relays': words(
    '192.31.196.1 192.52.193.1 192.88.99.0 192.88.99.1 192.175.48.1 192.175.48.255',
  ),
  benchmarking: words('198.18.0.0 198.18.0.1 198.19.255.255'),
  multicast: words('224.0.0.0 224.0.0.1 233.252.0.1 239.255.255.255'),
  'reserved and broadcast': words('240.0.0.0 240.0.0.1 250.1.1.1 255.255.255.254 255.255.255.255'),
  'IPv6 unspecified and loopback': words(':: ::1 0:0:0:0:0:0:0:1 ::0001'),
  'IPv4-compatible IPv6': words('::2 ::7f00:1 ::127.0.0.1 ::a00:1 ::8.8.8.8'),
  'IPv4-mapped private space':
    words(`::ffff:127.0.0.1 ::ffff:7f00:1 ::FFFF:7F00:1 0:0:0:0:0:ffff:7f00:1 ::ffff:10.0.0.1
    ::ffff:192.168.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:0.0.0.0 ::ffff:168.63.129.16`),
  'IPv4-translated IPv6': words('::ffff:0:127.0.0.1 ::ffff:0:7f00:1 ::ffff:0:8.8.8.8'),
  NAT64: words('64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::1 64:ff9b:1:ffff::a00:1'),
  'discard and dummy prefixes': words('100::1 100::ffff:ffff:ffff:ffff 100:0:0:1::1'),
  'Teredo, ORCHID and other assignments':
    words(`2001::1 2001:0:53aa:64c:0:0:80ff:fffe 2001:2::1 2001:3::1 2001:4:112::1
    2001:10::1 2001:20::1 2001:30::1 2001:1ff:ffff::1`),
  'IPv6 documentation': words('2001:db8::1 2001:db8:ffff::1 3fff::1 3fff:fff:ffff::1'),
  '6to4': words('2002:7f00:1::1 2002:a00:1:: 2002:808:808::1'),
  'IPv6 AS112': words('2620:4f:8000::1 2620:4f:8000:ffff::1'),
  'unique local': words(
    'fc00::1 fcff::1 fd00::1 fd12:3456:789a::1 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fdff::1',
  ),
  'link-local and site-local IPv6': words('fe80::1 fe80::a9fe:a9fe febf::1 fec0::1 feff::1'),
  'IPv6 multicast': words('ff00::1 ff01::1 ff02::1 ff05::2 ff0e::1 ffff::1'),
  'outside of global unicast': words('1::1 200::1 1000::1 1fff::1 4000::1 5f00::1 8000::1 c000::1 fe00::1'),
  'not the plain text of an address': [
    ...words(
      'fe80::1%eth0 2606:4700::1%1 127.1 2130706433 0x7f.1 0177.0.0.1 010.0.0.1 1.2.3 1.2.3.4.5 256.1.1.1',
    ),
    ...words('[::1] localhost example.com 8.8.8.8:80 8.8.8.8/32 ::ffff:8.8.8.8/128 8.8.8.8. １.1.1.1'),
    ...['', ' 8.8.8.8', '8.8.8.8\n', '8.8.8.8\0'],
  ],
};

const PUBLIC =
  words(`1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 99.255.255.255 100.63.255.255 100.128.0.0 126.255.255.255
  128.0.0.1 168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0
  192.0.3.0 192.31.195.255 192.31.197.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
  198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 216.58.213.174 223.255.255.255 ::ffff:8.8.8.8 ::ffff:101:101
  2000::1 2001:200::1 2001:4860:4860::8888 2001:db7::1 2001:db9::1 2003::1 2606:4700:4700::1111 2620:4f:7fff::1
  2620:4f:8001::1 2a00:1450:4001:81b::200e 3ffe::1 3fff:1000::1`);

describe('AddressPolicy', () => {
  const refused = Object.entries(REFUSED).flatMap(([kind, addresses]) =>
    addresses.map((address) => [kind, address] as const),
  );

  it('is judged by a table of more than 120 addresses', () => {
    expect(refused.length + PUBLIC.length).toBeGreaterThan(180);
  });

  it.each(refused)('refuses %s: %j', (_kind, address) => {
    expect(strict.isAllowed(address)).toBe(false);
  });

  it.each(PUBLIC)('allows the public address %s', (address) => {
    expect(strict.isAllowed(address)).toBe(true);
  });

  it('refuses addresses that ipaddr.js takes for ordinary unicast', () => {
    for (const address of ['::7f00:1', '100:0:0:1::1', '168.63.129.16']) {
      expect(ipaddr.process(address).range()).toBe('unicast');
      expect(strict.isAllowed(address)).toBe(false);
    }
  });

  describe('with networks that the operator allows', () => {
    const local = new AddressPolicy([
      '127.0.0.0/8',
      '::1/128',
      '10.20.0.0/16',
      'fd12:3456::/48',
      '192.168.7.9',
    ]);

    it.each(
      words(
        '127.0.0.1 127.255.0.1 ::1 ::ffff:127.0.0.1 10.20.0.1 ::ffff:10.20.255.255 fd12:3456:0:1::1 192.168.7.9 8.8.8.8',
      ),
    )('allows %s', (address) => {
      expect(local.isAllowed(address)).toBe(true);
    });

    it.each(
      words(
        '10.21.0.1 10.19.255.255 192.168.7.8 fd12:3457::1 ::2 ::7f00:1 0.0.0.0 :: 169.254.169.254 64:ff9b::7f00:1',
      ),
    )('still refuses %s', (address) => {
      expect(local.isAllowed(address)).toBe(false);
    });

    it.each(
      words(`169.254.169.254 ::ffff:169.254.169.254 168.63.129.16 100.100.100.200 192.0.0.192 0.0.0.0 224.0.0.1
        255.255.255.255 :: fd00:ec2::254 fd20:ce::254 ff02::1 64:ff9b::a9fe:a9fe`),
    )('never opens %s, not even when everything is allowed', (address) => {
      const everything = new AddressPolicy(['0.0.0.0/0', '::/0']);
      expect(everything.isAllowed('10.0.0.1')).toBe(true);
      expect(everything.isAllowed('fd00::1')).toBe(true);
      expect(everything.isAllowed(address)).toBe(false);
    });

    it('judges what stands behind an allowed NAT64 gateway', () => {
      const throughGateway = new AddressPolicy(['64:ff9b::/96']);
      expect(throughGateway.isAllowed('64:ff9b::8.8.8.8')).toBe(true);
      expect(throughGateway.isAllowed('64:ff9b::10.0.0.1')).toBe(false);
      expect(throughGateway.isAllowed('64:ff9b::127.0.0.1')).toBe(false);
    });

    it('opens every port there, and only web ports elsewhere', () => {
      expect(local.isAllowedAt('127.0.0.1', 5432)).toBe(true);
      expect(local.isAllowedAt('127.0.0.1', 22)).toBe(true);
      expect(local.isAllowedAt('8.8.8.8', 5432)).toBe(false);
      expect(local.isAllowedAt('8.8.8.8', 8443)).toBe(true);
      expect(local.isAllowedAt('10.21.0.1', 443)).toBe(false);
      for (const port of [0, -1, 65_536, Number.NaN]) expect(local.isAllowedAt('8.8.8.8', port)).toBe(false);
      expect(local.isAllowedAt('127.0.0.1', 0)).toBe(false);
    });
  });
});

describe('parseAllowList', () => {
  it('reads networks, and an address as itself alone', () => {
    const [network, host, sixth] = parseAllowList(['10.0.0.0/8', ' 192.168.0.5 ', '::1']);
    expect([network?.[1], host?.[1], sixth?.[1]]).toEqual([8, 32, 128]);
  });

  it.each([
    '10/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'fd00::/129',
    '::ffff:10.0.0.0/104',
    'internal',
    '',
    '010.0.0.0/8',
  ])('names the malformed entry "%s"', (entry) => {
    expect(() => parseAllowList(['10.0.0.0/8', entry])).toThrow(`"${entry}" is not a CIDR`);
  });

  it.each(['169.254.169.254/32', '169.254.0.0/16', '0.0.0.0/8', 'fd00:ec2::254', 'ff00::/8'])(
    'says that %s is never opened, instead of taking it without effect',
    (entry) => {
      expect(() => parseAllowList([entry])).toThrow('can not be allowed');
    },
  );
});

describe('isWebPort', () => {
  it.each([80, 443, 1024, 3000, 8000, 8080, 8443, 65_535])('takes %i', (port) => {
    expect(isWebPort(port)).toBe(true);
  });

  it.each([0, 1, 22, 25, 53, 81, 110, 445, 1023, 2375, 3306, 4222, 5432, 6379, 9200, 11_211, 27_017, 65_536])(
    'refuses %i',
    (port) => {
      expect(isWebPort(port)).toBe(false);
    },
  );
});

describe('canonicalAddress', () => {
  it('gives every spelling of an address one text', () => {
    expect(canonicalAddress('::FFFF:7f00:1')).toBe('127.0.0.1');
    expect(canonicalAddress('2001:0db8:0:0::1')).toBe(canonicalAddress('2001:db8::1'));
    expect(canonicalAddress('localhost')).toBeNull();
  });
});
