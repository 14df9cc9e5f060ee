import { currentByUse, currentOf, isActive } from './current.js';

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

describe('the current secrets of a source', () => {
  const of = (use: string, ...rest: Parameters<typeof secret>) => ({ ...secret(...rest), use });
  const ids = (secrets: readonly ReturnType<typeof of>[]) =>
    currentByUse(secrets, NOW)
      .map(({ id }) => id)
      .sort();

  test('are one of each use, however new those of the other one are', () => {
    expect(
      ids([of('signature', 'a', true), of('signature', 'b'), of('bearer', 'c', true), of('bearer', 'd')]),
    ).toEqual(['a', 'c']);
    expect(ids([of('bearer', 'c'), of('signature', 'a')])).toEqual(['a', 'c']);
  });

  test('leave a use without one when all of its secrets have expired', () => {
    expect(ids([of('signature', 'a', true, NOW), of('bearer', 'b')])).toEqual(['b']);
    expect(ids([])).toEqual([]);
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
