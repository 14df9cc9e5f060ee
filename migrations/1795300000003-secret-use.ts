import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a callback secret is for: a provider's signature, or the bearer token that a source requires on top of it. */
export class SecretUse1795300000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The default stays, so that processes of the version before can go on making secrets while this one is rolled out.
    await runner.query(`
      alter table callback_secrets
        add column use text not null default 'signature' check (use in ('signature', 'bearer')),
        -- A bearer token is only compared: whatever the provider's scheme is, its text is not kept.
        add constraint callback_secrets_bearer_is_hashed check (use <> 'bearer' or ciphertext is null);
      drop index callback_secrets_current;
      create unique index callback_secrets_current on callback_secrets (tenant_id, source_id, use) where is_current;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    // Without the column they would be taken for keys of the signature.
    await runner.query(`
      delete from callback_secrets where use = 'bearer';
      drop index callback_secrets_current;
      alter table callback_secrets drop constraint callback_secrets_bearer_is_hashed, drop column use;
      create unique index callback_secrets_current on callback_secrets (tenant_id, source_id) where is_current;
    `);
  }
}
