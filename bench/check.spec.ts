import { toUlid } from '#contract';
import { checkReceipts } from './check.js';
import type { LoadRun } from './load/load-generator.js';
import type { LoadResult } from './load/load-spec.js';
import type { Receipt } from './load/receipts.js';

const [A, B] = ['019aa9f0-1c2d-7000-8000-00000000000a', '019aa9f0-1c2d-7000-8000-00000000000b'] as const;

const accepted = (counter: number, id: string): Receipt => ({ counter, isDuplicate: false, id });
const duplicate = (counter: number, id: string): Receipt => ({ counter, isDuplicate: true, id });

function violations(
  receipts: readonly Receipt[],
  stored: readonly string[],
  unanswered = 0,
): readonly string[] {
  const totals = { totalSent: receipts.length + unanswered, totalUnanswered: unanswered };
  const run: LoadRun = { idPrefix: '', receipts, result: totals as LoadResult };
  return checkReceipts(run, stored).violations;
}

describe('the check after a run', () => {
  test('finds nothing when each event that was accepted is there once, and duplicates name the first', () => {
    expect(violations([accepted(0, A), accepted(1, B), duplicate(0, A)], [B, A])).toEqual([]);
  });

  test('knows an id whether it is written as ULID or as UUID', () => {
    expect(violations([accepted(0, toUlid(A))], [A])).toEqual([]);
  });

  test('knows the first event also when its duplicate was answered earlier', () => {
    expect(violations([duplicate(0, A), accepted(0, A)], [A])).toEqual([]);
  });

  test('misses an event that was accepted, even when as many others are there', () => {
    expect(violations([accepted(0, A)], [B])).toEqual([
      '1 events that were answered 200 are missing',
      '1 events are stored that nobody was told of',
    ]);
  });

  test('finds an event that was accepted twice', () => {
    expect(violations([accepted(0, A), accepted(0, B)], [A, B])).toEqual(['1 events were stored twice']);
    expect(violations([accepted(0, A), accepted(1, A)], [A])[0]).toBe('1 events were stored twice');
  });

  test('finds a row that is there twice', () => {
    expect(violations([accepted(0, A)], [A, A])).toEqual(['1 events were stored twice']);
  });

  test('finds a duplicate that was given another id than the first one', () => {
    expect(violations([accepted(0, A), accepted(1, B), duplicate(0, B)], [A, B])).toEqual([
      "1 duplicates were given another id than the first one's",
    ]);
  });

  test('finds a duplicate of an event that was never accepted', () => {
    expect(violations([duplicate(0, A)], [A])[0]).toBe(
      "1 duplicates were given another id than the first one's",
    );
  });

  test('allows as many unknown events as requests went without an answer', () => {
    expect(violations([accepted(0, A)], [A, B], 1)).toEqual([]);
    expect(violations([accepted(0, A), duplicate(1, B)], [A, B], 1)).toEqual([]);
    expect(violations([accepted(0, A)], [A, B], 0)).toEqual(['1 events are stored that nobody was told of']);
  });
});
