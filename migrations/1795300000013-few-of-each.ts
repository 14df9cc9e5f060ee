import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * PostgreSQL is told that there are many sources, so that each has few events. It takes every value for as common as values
 * are on average: where one source had nearly all events it expected that of any other, and in search of one that had none
 * went through all events of the tenant by their ids. Partitions made from now on are made so (libs/events/partitions.ts).
 */
export class FewOfEach1795300000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await alterPartitions(runner, 'set (n_distinct = 10000)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await alterPartitions(runner, 'reset (n_distinct)');
  }
}

async function alterPartitions(runner: QueryRunner, change: string): Promise<void> {
  const partitions = (await runner.query(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass`,
  )) as { name: string }[];
  for (const { name } of partitions) {
    await runner.query(`alter table ${name} alter column source_id ${change}`);
    // It counts from the next analyze on, and days that are over have none of their own any more.
    await runner.query(`analyze ${name} (source_id)`);
  }
}
