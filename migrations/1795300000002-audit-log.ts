import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './isolate-tenants.js';

/** Who did what: the audit log, rotation of API keys, and answers kept for requests that are sent twice. */
export class AuditLog1795300000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await isolateTenants(runner, ['audit_log', 'audit_heads', 'idempotency_keys']);
    // Appended, never changed; rows go with their tenant only.
    await runner.query('revoke update, delete on audit_log from callbox_tenant');
    await runner.query('revoke delete on audit_heads from callbox_tenant');
    await runner.query(openDirectory);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      revoke insert on api_key_directory from callbox_tenant;
      drop policy within_tenant on api_key_directory;
      drop policy across_tenants on api_key_directory;
      alter table api_key_directory no force row level security, disable row level security;
      drop table audit_log, audit_heads, idempotency_keys;
      delete from api_keys where deleted_at is not null;
      alter table api_keys drop column replaces, drop column deleted_at;
      alter table api_key_directory drop column seal;
    `);
  }
}

const tables = `
  alter table api_keys
    add column replaces uuid,
    -- Kept, so that the use of a deleted key is known for what it is.
    add column deleted_at timestamptz(3);

  -- A keyed hash of the key, its tenant, id and role: a row that was moved lets nobody in. Keys from before have none,
  -- and their hashes are of another form.
  alter table api_key_directory add column seal bytea not null default '';
  alter table api_key_directory alter column seal drop default;

  -- Rows are numbered without gaps. \`hash\` is a keyed hash of the row and of \`previous_hash\`, the one before it.
  create table audit_log (
    tenant_id uuid not null references tenants (id) on delete cascade,
    sequence bigint not null,
    id uuid not null,
    occurred_at timestamptz(3) not null,
    action text not null,
    actor_type text not null,
    actor_id uuid,
    actor_name text,
    target_type text not null,
    target_id uuid,
    target_name text,
    remote_ip text,
    request_id text,
    -- As text, to the byte what was hashed.
    details json not null,
    previous_hash bytea not null,
    hash bytea not null,
    primary key (tenant_id, sequence)
  );
  create unique index audit_log_id on audit_log (tenant_id, id);
  create index audit_log_target on audit_log (tenant_id, target_id, id);

  -- The newest row of each tenant's chain, so that rows missing at its end are missed. Locked by whoever appends.
  create table audit_heads (
    tenant_id uuid primary key references tenants (id) on delete cascade,
    sequence bigint not null,
    hash bytea not null,
    seal bytea not null
  );

  -- The first answer to a request that carries an Idempotency-Key. Operators' have the tenant of all zeros.
  create table idempotency_keys (
    tenant_id uuid not null,
    key text not null,
    request_hash bytea not null,
    status integer not null,
    answer bytea not null,
    expires_at timestamptz(3) not null,
    primary key (tenant_id, key)
  );
`;

/** Keys are issued as one tenant, who may add to the directory what is his own and read nothing of it. */
const openDirectory = `
  alter table api_key_directory enable row level security, force row level security;
  create policy across_tenants on api_key_directory to current_user using (true) with check (true);
  create policy within_tenant on api_key_directory for insert to callbox_tenant
    with check (tenant_id = nullif(current_setting('callbox.tenant_id', true), '')::uuid);
  grant insert on api_key_directory to callbox_tenant;
`;
