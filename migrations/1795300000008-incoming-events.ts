import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How the inbox hands a batch of events to the statement that stores them (libs/events/append.ts): `incoming_event` is no
 * table's shape. A changed one will get a new name, for inboxes of the version before. And obligations to deliver, which
 * are written and taken for every callback, stand in one row for all events of a tenant in a batch.
 */
export class IncomingEvents1795300000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create type incoming_event as (
        tenant_id uuid,
        id uuid,
        source_id uuid,
        provider text,
        type text,
        provider_event_id text,
        run_id text,
        received_at timestamptz,
        method text,
        path text,
        query text,
        content_type text,
        headers jsonb,
        sensitive_headers bytea,
        body_offset integer,
        body_length integer,
        scheme text,
        secret_id uuid,
        signed_at timestamptz,
        dedupe_key text,
        dedupe_seconds integer
      )
    `);
    await runner.query(`
      alter table fan_outs add id uuid, add event_ids uuid[], add source_ids uuid[], add types text[];
      update fan_outs f set id = event_id, event_ids = array[event_id], source_ids = array[source_id],
        types = array[(select type from events e where e.tenant_id = f.tenant_id and e.id = f.event_id)];
      alter table fan_outs drop constraint fan_outs_pkey, drop event_id, drop source_id,
        alter event_ids set not null, alter source_ids set not null, alter types set not null,
        add primary key (tenant_id, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop type incoming_event');
    await runner.query(`
      alter table fan_outs drop constraint fan_outs_pkey, add event_id uuid, add source_id uuid;
      insert into fan_outs (tenant_id, id, event_ids, source_ids, types, event_id, source_id)
        select tenant_id, id, '{}', '{}', '{}', one.event_id, one.source_id
        from fan_outs cross join lateral unnest(event_ids, source_ids) as one (event_id, source_id);
      delete from fan_outs where event_id is null;
      alter table fan_outs drop id, drop event_ids, drop source_ids, drop types,
        alter source_id set not null, add primary key (tenant_id, event_id);
    `);
  }
}
