import type { IncomingMessage } from 'node:http';
import { TrustedProxies } from './remote-address.js';

const request = (peer: string, forwardedFor?: string): IncomingMessage =>
  ({
    socket: { remoteAddress: peer },
    headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  }) as unknown as IncomingMessage;

describe('where a request comes from', () => {
  test('is what connects, whatever it says, while no proxy is trusted', () => {
    const nobody = new TrustedProxies([]);
    expect(nobody.remoteAddressOf(request('192.0.2.1', '203.0.113.9'))).toBe('192.0.2.1');
    expect(nobody.remoteAddressOf(request('::ffff:192.0.2.1'))).toBe('192.0.2.1');
  });

  test.each([
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['fd00::1', '2001:db8::1', '2001:db8::1'],
    ['10.0.0.1', 'not an address', '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['203.0.113.1', '203.0.113.9', '203.0.113.1'],
  ])('of %s with X-Forwarded-For %s is %s behind trusted proxies', (peer, forwardedFor, expected) => {
    const proxies = new TrustedProxies(['10.0.0.0/8', 'fd00::/8']);
    expect(proxies.remoteAddressOf(request(peer, forwardedFor))).toBe(expected);
  });
});
