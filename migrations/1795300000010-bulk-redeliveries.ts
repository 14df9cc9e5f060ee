import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './isolate-tenants.js';

/** Redeliveries of any size: what an order still has to deliver, how far it has come, and counts that stay cheap. */
export class BulkRedeliveries1795300000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(orders);
    await runner.query(indexes);
    await isolateTenants(runner, ['redelivery_batches']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index deliveries_redelivery_open, deliveries_redelivery, redeliveries_active;
      create index deliveries_redelivery on deliveries (tenant_id, redelivery_id) where redelivery_id is not null;
      drop table redelivery_batches;
      alter table redeliveries drop column stage, drop column criteria, drop column per_second, drop column next_slot_at,
        drop column collected_to, drop column waiting, drop column made, drop column dropped, drop column succeeded,
        drop column failed, drop column cancelled;
    `);
  }
}

const orders = `
  -- What a worker has to do for an order (libs/deliveries/redeliverer.ts); null: nothing.
  alter table redeliveries
    add column stage text check (stage in ('collecting', 'feeding', 'cancelling', 'draining', 'settled')),
    add column criteria jsonb,
    add column per_second integer,
    -- With \`per_second\`: the earliest time of the next delivery.
    add column next_slot_at timestamptz,
    -- The last event that was looked at while collecting.
    add column collected_to uuid,
    -- Collected and not yet deliveries; deliveries that were made, less those deleted before they succeeded; given up
    -- before they were deliveries. \`made\` is null where a process of the version before took the order.
    add column waiting integer not null default 0,
    add column made integer,
    add column dropped integer not null default 0,
    -- Of deliveries, once the stage is 'settled'.
    add column succeeded integer,
    add column failed integer,
    add column cancelled integer;
  update redeliveries r set made = (
    select count(*) from deliveries d where d.tenant_id = r.tenant_id and d.redelivery_id = r.id
  );

  -- What an order has collected: ids side by side, in their order, so that a million of them are some hundred rows.
  create table redelivery_batches (
    tenant_id uuid not null,
    redelivery_id uuid not null,
    destination_id uuid not null,
    source_id uuid not null,
    first_event_id uuid not null,
    event_ids uuid[] not null,
    size integer not null,
    -- How many of them, from the first on, are deliveries already.
    taken integer not null,
    primary key (tenant_id, redelivery_id, destination_id, source_id, first_event_id),
    foreign key (tenant_id, redelivery_id) references redeliveries (tenant_id, id) on delete cascade
  ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
  -- Ids do not compress.
  alter table redelivery_batches alter column event_ids set storage external;
`;

const indexes = `
  create index redeliveries_active on redeliveries (tenant_id, id) where stage is not null and stage <> 'settled';
  drop index deliveries_redelivery;
  create index deliveries_redelivery on deliveries (tenant_id, redelivery_id, id) where redelivery_id is not null;
  -- Most succeed: the others are counted, and subtracted from what was made.
  create index deliveries_redelivery_open on deliveries (tenant_id, redelivery_id, status)
    where redelivery_id is not null and status <> 'succeeded';
`;
