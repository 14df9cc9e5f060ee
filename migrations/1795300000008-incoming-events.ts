import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The shape in which the inbox hands a batch of events to the statement that stores them (libs/events/append.ts). It is
 * no table's. An inbox of the version before may still be running: a changed shape gets a new name, beside this one.
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
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop type incoming_event');
  }
}
