import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';

const READY_WITHIN_MS = 60_000;

interface Spawning {
  /** Default: ours. */
  readonly env?: NodeJS.ProcessEnv;
  /** Options of Node's own. */
  readonly nodeOptions?: readonly string[];
}

/** Starts a compiled script of ours as a process of its own; what it says of errors is shown. */
export function spawnScript(
  script: string,
  args: readonly string[],
  { env = process.env, nodeOptions = [] }: Spawning = {},
): ChildProcess {
  const file = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const child = spawn(process.execPath, [...nodeOptions, file, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
  const endWithUs = (): boolean => child.kill();
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));
  return child;
}

/** Waits until the URL answers 200; fails when the process has ended instead. */
export async function ready(url: string, child: ChildProcess, everyMs = 50): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    if (hasEnded(child)) throw new Error(`the server has ended with ${child.exitCode ?? child.signalCode}`);
    const answer = await request(url).catch(() => null);
    await answer?.body.dump();
    if (answer?.statusCode === 200) return;
    await sleep(everyMs);
  }
  throw new Error(`${url} is not ready`);
}

/** Ends a process and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (!hasEnded(child)) child.kill(signal);
  await gone(child);
}

/** Waits until a process is gone. */
export async function gone(child: ChildProcess): Promise<void> {
  if (!hasEnded(child)) await new Promise((resolve) => child.once('exit', resolve));
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
