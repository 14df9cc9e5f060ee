import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './isolate-tenants.js';

/** Refused callbacks, kept for a while with why; and how many there were, for those that are only counted. */
export class Rejections1795300000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await isolateTenants(runner, ['rejections', 'rejection_counts']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table rejection_counts, rejections;');
  }
}

const tables = `
  -- Nobody has vouched for these bytes, and they may be a secret that a provider sends: \`sealed\` (target of the URL and all
  -- headers), \`excerpt\` and \`body\` are encrypted under the tenant's key. Values of credentials are null in \`headers\`.
  create table rejections (
    tenant_id uuid not null,
    id uuid not null,
    source_id uuid not null,
    received_at timestamptz(3) not null,
    reason text not null,
    diagnosis_code text not null,
    diagnosis_cause text not null,
    diagnosis_fix text not null,
    method text not null,
    path text not null,
    query text not null,
    headers jsonb not null,
    remote_ip text,
    size integer,
    sealed bytea not null,
    excerpt bytea,
    body bytea,
    -- For readers who follow what is stored: ids come in the order of receipt, commits do not.
    stored_in xid8 not null default pg_current_xact_id(),
    primary key (tenant_id, id)
  );
  create index rejections_source on rejections (tenant_id, source_id, id);
  create index rejections_reason on rejections (tenant_id, reason, id);
  create index rejections_stored on rejections (tenant_id, stored_in, id);

  create table rejection_counts (
    tenant_id uuid not null,
    source_id uuid not null,
    day date not null,
    received bigint not null,
    kept bigint not null,
    primary key (tenant_id, source_id, day)
  ) with (fillfactor = 80);
`;
