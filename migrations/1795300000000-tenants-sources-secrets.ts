import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './isolate-tenants.js';

/** Who there is and where callbacks arrive: tenants, API keys, sources, callback secrets. */
export class TenantsSourcesSecrets1795300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await isolateTenants(runner, ['api_keys', 'sources', 'source_url_tokens', 'callback_secrets']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table callback_secrets, source_url_tokens, sources, api_key_directory, api_keys, tenants, system_keys;
    `);
  }
}

const tables = `
  -- Keys of the installation itself, wrapped by the master key; \`pepper\` keys the hashes of API keys.
  create table system_keys (
    name text primary key,
    wrapped_key bytea not null
  );

  create table tenants (
    id uuid primary key,
    slug text not null unique,
    name text not null,
    wrapped_key bytea not null,
    created_at timestamptz(3) not null
  );

  create table api_keys (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    name text not null,
    role text not null check (role in ('admin', 'developer', 'viewer')),
    hint text not null,
    created_at timestamptz(3) not null,
    expires_at timestamptz(3),
    last_used_at timestamptz(3),
    primary key (tenant_id, id)
  );

  -- Not a tenant's table: it finds the tenant of a presented key, by its keyed hash.
  create table api_key_directory (
    key_hash bytea primary key,
    tenant_id uuid not null,
    api_key_id uuid not null,
    foreign key (tenant_id, api_key_id) references api_keys (tenant_id, id) on delete cascade
  );
  create index api_key_directory_key on api_key_directory (tenant_id, api_key_id);

  create table sources (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    slug text not null,
    name text not null,
    provider text not null,
    config jsonb not null,
    status text not null check (status in ('active', 'paused')),
    created_at timestamptz(3) not null,
    deleted_at timestamptz(3),
    primary key (tenant_id, id)
  );
  create unique index sources_slug on sources (tenant_id, slug) where deleted_at is null;

  -- Unguessable last segments of ingest URLs, for sources that only their URL protects. They stay visible in the
  -- ingest URL, so they are encrypted and not hashed.
  create table source_url_tokens (
    tenant_id uuid not null,
    id uuid not null,
    source_id uuid not null,
    ciphertext bytea not null,
    created_at timestamptz(3) not null,
    expires_at timestamptz(3),
    primary key (tenant_id, id),
    foreign key (tenant_id, source_id) references sources (tenant_id, id) on delete cascade
  );
  create index source_url_tokens_source on source_url_tokens (tenant_id, source_id, id);

  -- A secret is either computed with (ciphertext) or only compared (verifier, an argon2id hash).
  create table callback_secrets (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    source_id uuid not null,
    label text not null,
    hint text not null,
    ciphertext bytea,
    verifier text,
    is_current boolean not null,
    created_at timestamptz(3) not null,
    expires_at timestamptz(3),
    replaces uuid,
    last_verified_at timestamptz(3),
    verified_count bigint not null default 0,
    deleted_at timestamptz(3),
    primary key (tenant_id, id),
    foreign key (tenant_id, source_id) references sources (tenant_id, id) on delete cascade,
    check (deleted_at is null or (ciphertext is null and verifier is null and not is_current))
  );
  create index callback_secrets_source on callback_secrets (tenant_id, source_id, id);
  create unique index callback_secrets_current on callback_secrets (tenant_id, source_id) where is_current;
`;
