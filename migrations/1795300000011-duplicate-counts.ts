import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './isolate-tenants.js';

/**
 * How many duplicates of an event have come. Apart from the event, so that the statement which recognises them counts
 * them too: it cannot see an event that another one stores at the same time, and a row of events has many indexes.
 */
export class DuplicateCounts1795300000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // What was counted before stays where it is: events.duplicate_count is added to it wherever it is shown.
    await runner.query(`
      create table duplicate_counts (
        tenant_id uuid not null,
        event_id uuid not null,
        count integer not null,
        primary key (tenant_id, event_id)
      ) with (fillfactor = 50);
    `);
    await isolateTenants(runner, ['duplicate_counts']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update events e set duplicate_count = e.duplicate_count + d.count
      from duplicate_counts d where e.tenant_id = d.tenant_id and e.id = d.event_id;
      drop table duplicate_counts;
    `);
  }
}
