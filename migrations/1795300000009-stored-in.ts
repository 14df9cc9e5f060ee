import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which transaction stored an event. Ids are made before the commit, so they do not tell in which order events came to be
 * there for others; with this a stream can read each of them once (libs/events/stored-order.ts).
 */
export class StoredIn1795300000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The default by itself, afterwards: given with the column it would be worked out for every row that is there.
    await runner.query(`
      alter table events add column stored_in xid8;
      alter table events alter column stored_in set default pg_current_xact_id();
      -- Without the id: a transaction stores a batch, whose equal keys share an entry, and sorting that few by id is cheap. It
      -- costs every callback half of what it would with it. Events from before have no number and are not worth an entry.
      create index events_stored_in on events (tenant_id, stored_in) where stored_in is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table events drop column stored_in');
  }
}
