import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What keeps lists quick and storage flat while there are ever more events. */
export class Growth1795300000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(indexes);
    await runner.query(settings);
    await runner.query(compression);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index events_type, deliveries_status;
      alter table dedupe_keys reset (
        autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_insert_scale_factor
      );
      alter table attempts reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
      alter table event_contents alter column body set compression default, alter column headers set compression default;
    `);
  }
}

const indexes = `
  -- By source first: a tenant has few sources, so that a list of one type asks each of them for its newest, and a list of
  -- one type of one source reads nothing else.
  create index events_type on events (tenant_id, source_id, type, id) where type is not null;

  -- What is rare among deliveries and looked for all the same. Most succeed, and are not in it.
  create index deliveries_status on deliveries (tenant_id, destination_id, status, id)
    where status in ('failed', 'held', 'cancelled');
`;

/** Tables that shrink as fast as they grow are vacuumed in small portions; the default lets a fifth of them rot first. */
const settings = `
  alter table dedupe_keys set (
    autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_insert_scale_factor = 0.5
  );
  alter table attempts set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.5);
`;

/** lz4 costs a fraction of the processor time of PostgreSQL's own method; not every server is built with it. */
const compression = `
  do $$
  begin
    alter table event_contents alter column body set compression lz4, alter column headers set compression lz4;
  exception
    when feature_not_supported then null;
  end $$;
`;
