import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const children: ChildProcess[] = [];

/** A worker as its users start it, on a database that is there already; it can be killed. */
export function spawnWorker(databaseUrl: string): ChildProcess {
  const child = spawn(process.execPath, [join(process.cwd(), 'dist/apps/server/main.js')], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      CALLBOX_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      CALLBOX_ROLES: 'worker',
      CALLBOX_ALLOW_DESTINATIONS: '127.0.0.0/8',
      HOST: '127.0.0.1',
      PORT: String(20_000 + Math.floor(Math.random() * 20_000)),
    },
    stdio: 'ignore',
  });
  children.push(child);
  return child;
}

/** Kills all that were started. */
export function killWorkers(): void {
  for (const child of children.splice(0)) child.kill('SIGKILL');
}
