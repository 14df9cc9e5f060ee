import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './isolate-tenants.js';

/**
 * What arrived and where it goes. Events and their contents are partitioned by id, which carries the time, so that
 * retention drops partitions; a partition is made for each day before it begins (libs/events/partitions.ts).
 */
export class EventsDeliveries1795300000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(events);
    await runner.query(deliveries);
    await isolateTenants(runner, [
      'events',
      'event_contents',
      'dedupe_keys',
      'fan_outs',
      'destinations',
      'destination_secrets',
      'redeliveries',
      'deliveries',
      'attempts',
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table attempts, deliveries, redeliveries, destination_secrets, destinations,
        fan_outs, dedupe_keys, event_contents, events;
    `);
  }
}

const events = `
  -- What lists read. No foreign keys and few indexes: this is written for every callback.
  create table events (
    tenant_id uuid not null,
    id uuid not null,
    source_id uuid not null,
    provider text not null,
    type text,
    provider_event_id text,
    run_id text,
    received_at timestamptz(3) not null,
    method text not null,
    path text not null,
    query text not null,
    content_type text,
    size integer not null,
    duplicate_count integer not null default 0,
    scheme text not null,
    secret_id uuid,
    signed_at timestamptz(3),
    primary key (tenant_id, id)
  ) partition by range (id);
  create index events_source on events (tenant_id, source_id, id);
  create index events_run on events (tenant_id, run_id, id) where run_id is not null;
  create index events_provider_event on events (tenant_id, provider_event_id, id) where provider_event_id is not null;

  -- The exact bytes. Values of sensitive headers stand encrypted in a column of their own and null in \`headers\`.
  create table event_contents (
    tenant_id uuid not null,
    id uuid not null,
    headers jsonb not null,
    sensitive_headers bytea,
    body bytea not null,
    primary key (tenant_id, id)
  ) partition by range (id);

  -- The first event with a key, until the source's dedupe window ends.
  create table dedupe_keys (
    tenant_id uuid not null,
    source_id uuid not null,
    dedupe_key text not null,
    event_id uuid not null,
    expires_at timestamptz(3) not null,
    primary key (tenant_id, source_id, dedupe_key)
  ) with (fillfactor = 80);

  -- The obligation to deliver an event, stored with it; the worker turns it into deliveries.
  create table fan_outs (
    tenant_id uuid not null,
    event_id uuid not null,
    source_id uuid not null,
    primary key (tenant_id, event_id)
  ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
`;

const deliveries = `
  create table destinations (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    name text not null,
    url text not null,
    source_ids uuid[],
    types text[],
    signing text not null check (signing in ('native', 'standard-webhooks', 'none')),
    headers_ciphertext bytea,
    timeout_seconds integer not null,
    retry_schedule_seconds integer[],
    rate_limit_per_second integer,
    max_in_flight integer,
    -- With a rate limit: the earliest time of the next attempt, kept to by all workers together.
    next_slot_at timestamptz,
    status text not null check (status in ('active', 'paused')),
    created_at timestamptz(3) not null,
    deleted_at timestamptz(3),
    primary key (tenant_id, id)
  );

  create table destination_secrets (
    tenant_id uuid not null,
    id uuid not null,
    destination_id uuid not null,
    ciphertext bytea not null,
    created_at timestamptz(3) not null,
    expires_at timestamptz(3),
    primary key (tenant_id, id),
    foreign key (tenant_id, destination_id) references destinations (tenant_id, id) on delete cascade
  );
  create index destination_secrets_destination on destination_secrets (tenant_id, destination_id, id);

  create table redeliveries (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    total integer not null,
    created_at timestamptz(3) not null,
    cancelled_at timestamptz(3),
    primary key (tenant_id, id)
  );

  -- Narrow, because it changes; what changes is in one partial index. \`due_at\` is when a worker may claim it: the
  -- time of the next attempt or, while a worker holds it, the end of that worker's lease. \`attempt_count\` counts the attempt
  -- under way, so that one whose worker dies keeps its number.
  create table deliveries (
    tenant_id uuid not null,
    id uuid not null,
    event_id uuid not null,
    source_id uuid not null,
    destination_id uuid not null,
    redelivery_id uuid,
    status text not null check (status in ('pending', 'succeeded', 'failed', 'held', 'cancelled')),
    attempt_count integer not null default 0,
    next_attempt_at timestamptz(3),
    due_at timestamptz(3),
    lease_id uuid,
    created_at timestamptz(3) not null,
    finished_at timestamptz(3),
    primary key (tenant_id, id),
    check ((status = 'pending') = (due_at is not null)),
    check (lease_id is null or status = 'pending'),
    check ((status in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null))
  ) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0
  );
  create index deliveries_due on deliveries (tenant_id, destination_id, due_at, id) where status = 'pending';
  create index deliveries_held on deliveries (tenant_id, destination_id, source_id) where status = 'held';
  create index deliveries_event on deliveries (tenant_id, event_id);
  create index deliveries_destination on deliveries (tenant_id, destination_id, id);
  create index deliveries_redelivery on deliveries (tenant_id, redelivery_id) where redelivery_id is not null;

  create table attempts (
    tenant_id uuid not null,
    delivery_id uuid not null,
    number integer not null,
    started_at timestamptz(3) not null,
    duration_ms integer not null,
    status_code integer,
    error text,
    response_headers jsonb,
    response_body bytea,
    response_truncated boolean not null,
    primary key (tenant_id, delivery_id, number)
  );
`;
