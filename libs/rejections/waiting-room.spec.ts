import type { RefusedCallback } from './refused-callback.js';
import { WaitingRoom } from './waiting-room.js';

const waiting = (tenantId: string, bytes: number) => ({
  id: `${tenantId}-${bytes}`,
  refused: { source: { tenantId }, callback: { body: Buffer.alloc(bytes) } } as unknown as RefusedCallback,
});

test('takes so many of one tenant, so many of all and so many bytes, and again when they have left', () => {
  const room = new WaitingRoom();
  const enterAll = (tenantId: string, count: number, bytes = 1) =>
    Array.from({ length: count }, () => room.enter(waiting(tenantId, bytes))).filter(Boolean).length;
  expect(enterAll('a', 300)).toBe(256);
  expect(['b', 'c', 'd', 'e'].map((tenant) => enterAll(tenant, 256))).toEqual([256, 256, 256, 0]);
  expect(room.next()?.id).toBe('a-1');
  expect([enterAll('e', 2), enterAll('a', 1)]).toEqual([1, 0]);
  while (!room.isEmpty) room.next();
  expect([enterAll('a', 5, 10_000_000), enterAll('b', 1, 2_000_000)]).toEqual([3, 1]);
});
