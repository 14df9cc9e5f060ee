import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './isolate-tenants.js';

/** What failing destinations have come to, why one is paused, and an order for what is held. */
export class Circuits1795300000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Only of destinations whose latest attempt has failed: for the others this costs one look into a small index.
      create table circuits (
        tenant_id uuid not null,
        destination_id uuid not null,
        -- The first failed attempt since the last success, whatever its kind.
        failing_since timestamptz(3) not null,
        failed_attempts integer not null,
        warned_at timestamptz(3),
        -- In a row, without an answer or with a 5xx.
        unavailable_attempts integer not null,
        unavailable_since timestamptz(3),
        opened_at timestamptz(3),
        next_probe_at timestamptz(3),
        probe_count integer not null default 0,
        primary key (tenant_id, destination_id),
        foreign key (tenant_id, destination_id) references destinations (tenant_id, id) on delete cascade,
        check ((opened_at is null) = (next_probe_at is null))
      ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

      -- No check that only what is paused has one: processes of the version before know nothing of it.
      alter table destinations add column paused_reason text check (paused_reason in ('manual', 'gone', 'auto'));
      update destinations set paused_reason = 'manual' where status = 'paused';

      create index deliveries_held_in_order on deliveries (tenant_id, destination_id, source_id, id) where status = 'held';
      drop index deliveries_held;
      alter index deliveries_held_in_order rename to deliveries_held;
    `);
    await isolateTenants(runner, ['circuits']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table circuits;
      alter table destinations drop column paused_reason;
      drop index deliveries_held;
      create index deliveries_held on deliveries (tenant_id, destination_id, source_id) where status = 'held';
    `);
  }
}
