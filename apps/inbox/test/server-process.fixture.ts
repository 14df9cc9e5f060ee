import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { eventually, send } from '#testing';

const ENTRY = resolve('dist/apps/server/main.js');
const START_TIMEOUT_MS = 30_000;

/** The built server as a process of its own, which can be killed and started again on the same port. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(
    readonly url: string,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async start(environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = new ServerProcess(url, {
      ...environment,
      PORT: String(port),
      HOST: '127.0.0.1',
      PUBLIC_URL: url,
    });
    await server.restart();
    return server;
  }

  /** Starts it and waits until it can serve. */
  async restart(): Promise<void> {
    const child = spawn(process.execPath, [ENTRY], {
      env: { PATH: process.env['PATH'], LOG_LEVEL: 'warn', ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    this.#child = child;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`It ended by itself: ${this.#output}`);
      const { status } = await send(`${this.url}/readyz`);
      if (status !== 200) throw new Error(`Not ready: ${status}`);
    }, START_TIMEOUT_MS);
  }

  /** SIGKILL: no chance to finish anything. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((ending) => child.once('exit', ending));
    child.kill(signal);
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
