import type pg from 'pg';
import { type Appended, Appender } from './append.js';
import type { NewEvent } from './new-event.js';

/** Stores a batch as an inbox would, and gives its connection back. */
export async function append(pool: pg.Pool, batch: readonly NewEvent[]): Promise<Appended[]> {
  const appender = new Appender(pool);
  try {
    return (await appender.append(batch)).appended;
  } finally {
    appender.release();
  }
}
