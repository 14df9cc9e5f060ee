import { currentOf, isActive } from './current.js';

const NOW = 1_000_000;
const secret = (id: string, isCurrent = false, expiresAtMs: number | null = null) => ({
  id,
  is_current: isCurrent,
  expires_at: expiresAtMs === null ? null : new Date(expiresAtMs),
});

describe('the current secret', () => {
  test('of none is none', () => {
    expect(currentOf([], NOW)).toBeNull();
  });

  test('is the marked one, whatever is newer', () => {
    expect(currentOf([secret('a', true), secret('b')], NOW)?.id).toBe('a');
  });

  test('is the newest one that is active, once the marked one has expired', () => {
    const secrets = [secret('a', true, NOW), secret('b'), secret('d', false, NOW - 1), secret('c')];
    expect(currentOf(secrets, NOW)?.id).toBe('c');
    expect(currentOf(secrets, NOW - 1)?.id).toBe('a');
  });

  test('is the newest one when none is marked, in whatever order they come', () => {
    expect(currentOf([secret('b'), secret('c'), secret('a')], NOW)?.id).toBe('c');
  });

  test('is none when all have expired', () => {
    expect(currentOf([secret('a', true, NOW), secret('b', false, 0)], NOW)).toBeNull();
  });
});

test('a secret is active until the very millisecond at which it expires', () => {
  expect([NOW - 1, NOW, NOW + 1].map((now) => isActive(secret('a', false, NOW), now))).toEqual([
    true,
    false,
    false,
  ]);
  expect(isActive(secret('a'), Number.MAX_SAFE_INTEGER)).toBe(true);
});
