import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * PostgreSQL is told that there are many sources and destinations, so that each has few rows. It takes every value for as
 * common as values are on average: where one source had nearly all events it expected that of any other, and in search of
 * one that had none went through all events of the tenant by their ids. Partitions made from now on are made so
 * (libs/events/partitions.ts).
 */
export class FewOfEach1795300000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, column] of await columns(runner)) {
      await runner.query(`alter table ${table} alter column ${column} set (n_distinct = 10000)`);
      // It counts from the next analyze on, and days that are over have none of their own any more.
      await runner.query(`analyze ${table} (${column})`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, column] of await columns(runner)) {
      await runner.query(`alter table ${table} alter column ${column} reset (n_distinct)`);
      await runner.query(`analyze ${table} (${column})`);
    }
  }
}

async function columns(runner: QueryRunner): Promise<(readonly [table: string, column: string])[]> {
  const partitions = (await runner.query(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass`,
  )) as { name: string }[];
  return [...partitions.map(({ name }) => [name, 'source_id'] as const), ['deliveries', 'destination_id']];
}
