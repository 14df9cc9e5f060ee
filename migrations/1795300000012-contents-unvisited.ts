import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Autovacuum leaves the contents of events alone until there is something to clear away: to read all of them once more
 * after they were written cost as much of the disk as writing them did. Partitions made from now on are made so
 * (libs/events/partitions.ts).
 */
export class ContentsUnvisited1795300000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await alterPartitions(
      runner,
      'set (autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 2147483647)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await alterPartitions(runner, 'reset (autovacuum_vacuum_insert_threshold, autovacuum_analyze_threshold)');
  }
}

async function alterPartitions(runner: QueryRunner, change: string): Promise<void> {
  const partitions = (await runner.query(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'event_contents'::regclass`,
  )) as { name: string }[];
  for (const { name } of partitions) await runner.query(`alter table ${name} ${change}`);
}
