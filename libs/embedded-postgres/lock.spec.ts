import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir, lockName } from './lock.js';
import { birthOf } from './processes.js';

let dataDir: string;
const leaveLock = (pid: number, birth: string | null) =>
  writeFileSync(join(dataDir, lockName(pid, birth)), '');

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'callbox-lock-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('the lock of a data directory', () => {
  it('is refused while a process holds it, and free again after its release', async () => {
    const lock = await lockDataDir(dataDir);
    await expect(lockDataDir(dataDir)).rejects.toThrow(`process ${process.pid} (this one)`);
    await lock.release();

    await (await lockDataDir(dataDir)).release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('is refused for a living process, which it names, and leaves no trace of the one refused', async () => {
    leaveLock(process.ppid, await birthOf(process.ppid));

    await expect(lockDataDir(dataDir)).rejects.toMatchObject({
      problem: 'data_dir_in_use',
      message: expect.stringContaining(`process ${process.ppid}.`) as unknown,
    });
    expect(readdirSync(dataDir)).toHaveLength(1);
  });

  it('is taken from a process that has the pid but was born at another time', async () => {
    leaveLock(process.ppid, 'another boot/1');
    leaveLock(process.pid, 'another boot/1');
    await lockDataDir(dataDir);

    expect(readdirSync(dataDir)).toEqual([lockName(process.pid, await birthOf(process.pid))]);
  });

  it('is taken from a process that is gone', async () => {
    const child = spawn(process.execPath, ['--version']);
    const exit = once(child, 'exit');
    leaveLock(Number(child.pid), await birthOf(Number(child.pid)));
    await exit;

    await expect(lockDataDir(dataDir)).resolves.toBeDefined();
  });

  it('leaves alone what only looks like a lock', async () => {
    const names = ['callbox-0-1.lock', 'callbox--1-1.lock', 'callbox-1.lock', 'my-callbox-1-1.lock'];
    for (const name of names) writeFileSync(join(dataDir, name), '');
    await (await lockDataDir(dataDir)).release();

    expect(readdirSync(dataDir).sort()).toEqual(names.sort());
  });

  it('goes to exactly one of several that ask at once', async () => {
    leaveLock(99_999_999, null);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDir(dataDir)));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(dataDir)).toHaveLength(1);
  });
});
