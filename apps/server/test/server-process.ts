import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '#testing';

const READY_WITHIN_MS = 25_000;

const entry = join(process.cwd(), 'dist/apps/server/main.js');

/** The built server as a process of its own, as `npm start` runs it. */
export class ServerProcess {
  output = '';
  exitCode: number | null | undefined;

  private constructor(readonly child: ChildProcess) {
    const collect = (chunk: Buffer): void => {
      this.output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.on('exit', (code) => {
      this.exitCode = code;
    });
  }

  /** Starts it with these settings and nothing of the surrounding environment but the way to node. */
  static spawn(settings: Readonly<Record<string, string>>): ServerProcess {
    return new ServerProcess(
      spawn(process.execPath, [entry], { env: { PATH: '/usr/bin:/bin', ...settings } }),
    );
  }

  /** Waits for the welcome text. */
  async ready(withinMs = READY_WITHIN_MS): Promise<string> {
    return eventually(() => {
      if (this.exitCode !== undefined) throw new Error(`the server has ended: ${this.output}`);
      if (!this.output.includes('Ctrl-C stops it'))
        throw new Error(`the server is not ready: ${this.output}`);
      return this.output;
    }, withinMs);
  }

  /** Sends a signal and waits for the end; gives back the exit code, `null` after SIGKILL. */
  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended();
  }

  async ended(): Promise<number | null> {
    return eventually(() => {
      if (this.exitCode === undefined) throw new Error('the server still runs');
      return this.exitCode;
    }, 25_000);
  }
}
