import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many callbacks the sources of a tenant take together: `{per_second, burst?}`; null: what the settings say. */
export class TenantRateLimits1795300000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table tenants add column rate_limit jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table tenants drop column rate_limit`);
  }
}
