import type { IncomingMessage } from 'node:http';
import { remoteIp } from './remote-ip.js';

const from = (remoteAddress: string | undefined, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

test('believes X-Forwarded-For of trusted proxies only, and of the last one that is none', () => {
  const proxies = ['10.0.0.0/8', '::1/128'];
  expect(remoteIp(from('198.51.100.7', '203.0.113.1'), proxies)).toBe('198.51.100.7');
  expect(remoteIp(from('10.1.2.3', '203.0.113.1'), proxies)).toBe('203.0.113.1');
  expect(remoteIp(from('10.1.2.3', '203.0.113.1'), [])).toBe('10.1.2.3');
  expect(remoteIp(from('10.1.2.3', '192.0.2.9, 203.0.113.1, 10.9.9.9'), proxies)).toBe('203.0.113.1');
  expect(remoteIp(from('::1', '10.1.1.1'), proxies)).toBe('10.1.1.1');
});

test('takes an IPv4 address out of IPv6, and passes over what is no address', () => {
  expect(remoteIp(from('::ffff:10.1.2.3', 'unknown'), ['10.0.0.0/8'])).toBe('10.1.2.3');
  expect(remoteIp(from('::ffff:192.0.2.1'), [])).toBe('192.0.2.1');
  expect(remoteIp(from(undefined), [])).toBeNull();
});
