import type { Duplicates } from './load-spec.js';

const KNOWN_EVENTS = 1_000;
const LONG_AGO = 500;

/**
 * The number of the event that the request with this index carries.
 *
 * @param index of the request in its run, from 0
 * @returns for `half`, by turns a new one and one that came before: just now, or some hundred events ago
 */
export function eventCounter(duplicates: Duplicates, index: number): number {
  switch (duplicates) {
    case 'none':
      return index;
    case 'half': {
      const newest = Math.floor(index / 2);
      if (index % 2 === 0) return newest;
      return newest % 2 === 0 ? newest : Math.max(0, newest - LONG_AGO);
    }
    case 'all':
      return index % KNOWN_EVENTS;
  }
}
