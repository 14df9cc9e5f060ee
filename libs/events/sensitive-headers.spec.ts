import { CannotDecrypt, DataKey } from '#keyring';
import { joinHeaders, splitHeaders } from './sensitive-headers.js';

const EVENT = '019ab0f5-4a7e-7000-8000-000000000001';
const dataKey = new DataKey(Buffer.alloc(32, 1), '019ab0f5-4a7e-7000-8000-00000000000a');

const received = [
  ['Host', 'x'],
  ['AUTHORIZATION', 'Bearer secret-1'],
  ['X-Token', 'secret-2'],
  ['cookie', ''],
  ['Cookie', 'secret-3=\u00e9'],
  ['Proxy-Authorization', 'secret-4'],
  ['X-Api-Key', 'secret-5'],
  ['X-Authorization-Like', 'public'],
] as const;

describe('credentials in headers', () => {
  test('are taken out, whatever their spelling, and leave their place', () => {
    const { headers, sensitiveHeaders } = splitHeaders(received, ['x-token'], EVENT, dataKey);
    expect(headers).toEqual([
      ['Host', 'x'],
      ['AUTHORIZATION', null],
      ['X-Token', null],
      ['cookie', null],
      ['Cookie', null],
      ['Proxy-Authorization', null],
      ['X-Api-Key', null],
      ['X-Authorization-Like', 'public'],
    ]);
    expect(sensitiveHeaders?.toString('latin1')).not.toContain('secret');
  });

  test('come back in their places, with their exact values', () => {
    const stored = splitHeaders(received, ['x-token'], EVENT, dataKey);
    expect(joinHeaders(stored, EVENT, dataKey)).toEqual(received);
  });

  test('cost nothing where there are none', () => {
    const stored = splitHeaders([['Host', 'x']], [], EVENT, dataKey);
    expect(stored.sensitiveHeaders).toBeNull();
    expect(joinHeaders(stored, EVENT, dataKey)).toEqual([['Host', 'x']]);
  });

  test('cannot be opened for another event or with the key of another tenant', () => {
    const stored = splitHeaders(received, [], EVENT, dataKey);
    const otherTenant = new DataKey(Buffer.alloc(32, 1), '019ab0f5-4a7e-7000-8000-00000000000b');
    expect(() => joinHeaders(stored, EVENT.replace(/1$/, '2'), dataKey)).toThrow(CannotDecrypt);
    expect(() => joinHeaders(stored, EVENT, otherTenant)).toThrow(CannotDecrypt);
  });
});
