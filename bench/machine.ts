import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { median } from './measure.js';

/** What a figure is worth nothing without. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string | null;
  /** Median time of one 8 KiB write and fdatasync in the folder that the databases are in. */
  readonly fsyncUs: number;
}

const SYNCS = 200;
const PAGE_BYTES = 8_192;

/** Describes this machine. */
export async function describeMachine(pool: pg.Pool | null): Promise<Machine> {
  const version = await pool?.query<{ server_version: string }>('show server_version');
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    postgres: version?.rows[0]?.server_version ?? null,
    fsyncUs: Math.round(measureFsyncUs()),
  };
}

function measureFsyncUs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'callbox-bench-'));
  const file = openSync(join(folder, 'sync'), 'w');
  const page = Buffer.alloc(PAGE_BYTES, 1);
  try {
    const times = Array.from({ length: SYNCS }, () => {
      const startedAt = performance.now();
      writeSync(file, page, 0, PAGE_BYTES, 0);
      fdatasyncSync(file);
      return (performance.now() - startedAt) * 1_000;
    });
    return median(times);
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}
