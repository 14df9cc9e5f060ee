import type { QueryRunner } from 'typeorm';

/**
 * The second wall between tenants: row-level security, forced, so that a query which forgot its tenant finds nothing.
 * The management API works as the role `callbox_tenant` with `callbox.tenant_id` set for the transaction; the login
 * role, which inboxes and workers use, crosses tenants by an explicit policy. After a transaction the setting is the
 * empty string, not null, hence `nullif`.
 */
export async function isolateTenants(runner: QueryRunner, tables: readonly string[]): Promise<void> {
  await runner.query(`
    do $$
    begin
      if not exists (select from pg_roles where rolname = 'callbox_tenant') then
        create role callbox_tenant nologin;
      end if;
    exception
      -- Roles belong to the whole cluster: another database's migration may have been faster.
      when duplicate_object or unique_violation then null;
    end $$;
    grant callbox_tenant to current_user;
    grant usage on schema public to callbox_tenant;
  `);
  for (const table of tables) {
    await runner.query(`
      alter table ${table} enable row level security;
      alter table ${table} force row level security;
      create policy across_tenants on ${table} to current_user using (true) with check (true);
      create policy within_tenant on ${table} to callbox_tenant
        using (tenant_id = nullif(current_setting('callbox.tenant_id', true), '')::uuid)
        with check (tenant_id = nullif(current_setting('callbox.tenant_id', true), '')::uuid);
      grant select, insert, update, delete on ${table} to callbox_tenant;
    `);
  }
}
