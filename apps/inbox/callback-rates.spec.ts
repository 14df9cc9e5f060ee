import type { LiveSource, RateLimit } from '#sources';
import { CallbackRates } from './callback-rates.js';

const ADDRESS = '192.0.2.1';
const STRANGER = '198.51.100.7';
let nowMs: number;
beforeEach(() => (nowMs = 0));

interface Limits {
  readonly source?: RateLimit;
  readonly tenant?: RateLimit;
  readonly id?: string;
}

/** What the rates look at; the rest of a source is none of their business. */
function sourceWith({ source, tenant, id = 'source' }: Limits): LiveSource {
  return {
    id,
    tenantId: 'tenant',
    config: source === undefined ? {} : { rate_limit: source },
    tenantRateLimit: tenant ?? null,
  } as unknown as LiveSource;
}

function ratesWith({ source = 0, tenant = 0, processes = 1 } = {}): CallbackRates {
  return new CallbackRates(
    { sourceRatePerSecond: source, tenantRatePerSecond: tenant, processes },
    () => nowMs,
  );
}

/** How many of many that come at once are accepted. */
function acceptedOf(rates: CallbackRates, source: LiveSource, count: number): number {
  let accepted = 0;
  for (let tried = 0; tried < count; tried += 1) {
    if (rates.waitSeconds(source, ADDRESS) > 0) continue;
    if (rates.accept(source, ADDRESS) === 0) accepted += 1;
  }
  return accepted;
}

describe('a rate limit', () => {
  test('is none by default', () => {
    const rates = ratesWith();
    expect(rates.isLimited(sourceWith({}))).toBe(false);
    expect(acceptedOf(rates, sourceWith({}), 10_000)).toBe(10_000);
  });

  test('lets a burst in and then so many a second, and says when to come back', () => {
    const rates = ratesWith();
    const source = sourceWith({ source: { per_second: 10, burst: 25 } });
    expect(acceptedOf(rates, source, 100)).toBe(25);
    expect(rates.waitSeconds(source, ADDRESS)).toBeCloseTo(0.1);
    nowMs += 1_000;
    expect(acceptedOf(rates, source, 100)).toBe(10);
    nowMs += 60_000;
    expect(acceptedOf(rates, source, 100)).toBe(25);
  });

  test('may be less than one a second', () => {
    const rates = ratesWith();
    const source = sourceWith({ source: { per_second: 0.1 } });
    expect(acceptedOf(rates, source, 5)).toBe(1);
    expect(rates.waitSeconds(source, ADDRESS)).toBeCloseTo(10);
    nowMs += 10_000;
    expect(acceptedOf(rates, source, 5)).toBe(1);
  });

  test('of a source goes before the default; each source has its own', () => {
    const rates = ratesWith({ source: 5 });
    expect(acceptedOf(rates, sourceWith({ id: 'a' }), 100)).toBe(5);
    expect(acceptedOf(rates, sourceWith({ id: 'b' }), 100)).toBe(5);
    expect(acceptedOf(rates, sourceWith({ id: 'c', source: { per_second: 50 } }), 100)).toBe(50);
  });

  test('of a tenant holds over all its sources, and what it refuses does not count at the source', () => {
    const rates = ratesWith({ source: 20 });
    const tenant = { per_second: 30 };
    expect(acceptedOf(rates, sourceWith({ id: 'a', tenant }), 100)).toBe(20);
    expect(acceptedOf(rates, sourceWith({ id: 'b', tenant }), 100)).toBe(10);
    nowMs += 500;
    expect(acceptedOf(rates, sourceWith({ id: 'b', tenant }), 100)).toBe(15);
  });

  test('is divided among the processes, so that their sum holds', () => {
    const processes = 4;
    const limits = { source: { per_second: 100, burst: 200 } };
    const sums = Array.from({ length: processes }, () => {
      const rates = ratesWith({ processes });
      const first = acceptedOf(rates, sourceWith(limits), 1_000);
      nowMs += 1_000;
      const then = acceptedOf(rates, sourceWith(limits), 1_000);
      return [first, then];
    });
    expect(sums).toEqual(Array.from({ length: processes }, () => [50, 25]));
  });
});

describe('strangers who cannot sign', () => {
  const limits = { source: { per_second: 10 } };

  test('take nothing of what is the source’s', () => {
    const rates = ratesWith();
    const source = sourceWith(limits);
    for (let tried = 0; tried < 10_000; tried += 1) {
      rates.waitSeconds(source, STRANGER);
      rates.refuse(source, STRANGER);
    }
    expect(rates.waitSeconds(source, STRANGER)).toBeGreaterThan(0);
    expect(acceptedOf(rates, source, 100)).toBe(10);
  });

  test('are turned away themselves, by network, after many tries', () => {
    const rates = ratesWith();
    const source = sourceWith(limits);
    const tries = (address: string): number => {
      let looked = 0;
      for (let tried = 0; tried < 1_000; tried += 1) {
        if (rates.waitSeconds(source, address) > 0) continue;
        looked += 1;
        rates.refuse(source, address);
      }
      return looked;
    };
    expect(tries(STRANGER)).toBe(100);
    expect(tries('2001:db8:1:1::1')).toBe(100);
    expect(tries('2001:db8:1:1:ffff::2')).toBe(0);
    nowMs += 1_000;
    expect(tries(STRANGER)).toBe(10);
  });

  test('cannot lock out who shares their address and has proven genuine', () => {
    const rates = ratesWith();
    const source = sourceWith(limits);
    expect(rates.accept(source, ADDRESS)).toBe(0);
    for (let tried = 0; tried < 10_000; tried += 1) rates.refuse(source, ADDRESS);
    expect(rates.waitSeconds(source, ADDRESS)).toBe(0);
  });
});
