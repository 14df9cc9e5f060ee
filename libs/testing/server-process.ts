import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Caretaker } from './caretaker.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { send } from './send.js';

const ENTRY = resolve('dist/apps/server/main.js');
const READY_WITHIN_MS = 30_000;
const ENDED_WITHIN_MS = 25_000;

/** Settings by their names in the environment; `undefined` leaves one out that is given otherwise. */
export type ServerSettings = Readonly<Record<string, string | undefined>>;

/** The built server as a process of its own, as `npm start` runs it; it can be killed and started again. */
export class ServerProcess {
  static readonly #all: ServerProcess[] = [];

  /** What it has written since it was started the last time. */
  output = '';
  /** `undefined` while it runs, `null` after SIGKILL. */
  exitCode: number | null | undefined;
  #child: ChildProcess;

  private constructor(
    readonly port: string,
    readonly dataDir: string,
    private readonly environment: ServerSettings,
    private readonly caretaker: Caretaker,
  ) {
    this.#child = this.launch();
    ServerProcess.#all.push(this);
  }

  /**
   * Starts it with these settings and nothing of the surrounding environment: on 127.0.0.1, on a free port and in a new
   * data directory unless they say otherwise.
   */
  static async spawn(settings: ServerSettings = {}): Promise<ServerProcess> {
    const port = settings['PORT'] ?? String(await freePort());
    const given = settings['CALLBOX_DATA_DIR'];
    const dataDir = given ?? mkdtempSync(join(tmpdir(), 'callbox-server-'));
    const environment = {
      PATH: '/usr/bin:/bin',
      HOST: '127.0.0.1',
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      LOG_LEVEL: 'warn',
      ...settings,
      PORT: port,
      CALLBOX_DATA_DIR: dataDir,
    };
    const caretaker = new Caretaker({ entry: ENTRY, dataDir, ownsDataDir: given === undefined });
    return new ServerProcess(port, dataDir, environment, caretaker);
  }

  /** Starts it as {@link spawn} does, and waits until it is ready. */
  static async start(settings: ServerSettings = {}): Promise<ServerProcess> {
    const server = await ServerProcess.spawn(settings);
    await server.ready();
    return server;
  }

  /** Stops all that this spec has started, the latest first. */
  static async stopAll(signal?: NodeJS.Signals): Promise<void> {
    for (let server = this.#all.pop(); server !== undefined; server = this.#all.pop())
      await server.stop(signal);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it writes to its standard output is read from here; to be paused by those who want it unread. */
  get stdout(): NodeJS.ReadableStream & { readonly readableLength: number } {
    if (this.#child.stdout === null) throw new Error('the server has no standard output');
    return this.#child.stdout;
  }

  /** Starts it again after its end, on the same port and data; does not wait until it is ready. */
  restart(): void {
    if (this.exitCode === undefined) throw new Error('the server still runs');
    this.#child = this.launch();
  }

  /** Waits for the welcome text, and until it can serve; gives back what it has written. */
  async ready(withinMs = READY_WITHIN_MS): Promise<string> {
    await eventually(async () => {
      if (this.exitCode !== undefined) return;
      if (!this.output.includes('Ctrl-C stops it'))
        throw new Error(`the server is not ready: ${this.output}`);
      const { status } = await send(`${this.url}/readyz`);
      if (status !== 200) throw new Error(`the server is not ready: ${status}`);
    }, withinMs);
    if (this.exitCode !== undefined) throw new Error(`the server has ended: ${this.output}`);
    return this.output;
  }

  /** Sends a signal and waits for the end; gives back the exit code, `null` after SIGKILL. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended();
  }

  async ended(): Promise<number | null> {
    return eventually(() => {
      if (this.exitCode === undefined) throw new Error('the server still runs');
      return this.exitCode;
    }, ENDED_WITHIN_MS);
  }

  /** Ends it for good if it still runs, and leaves nothing behind: neither its PostgreSQL nor a directory of its own. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    try {
      if (this.exitCode === undefined) await this.end(signal);
    } finally {
      this.#child.kill('SIGKILL');
      await this.caretaker.finish();
    }
  }

  private launch(): ChildProcess {
    const child = spawn(process.execPath, [ENTRY], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.output = '';
    this.exitCode = undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (child === this.#child) this.output += text;
      });
      // One that nobody stops does not keep the test process from ending: the caretaker ends it then.
      (stream as Socket).unref();
    }
    child.unref();
    child.once('exit', (code) => {
      this.exitCode = code;
      this.caretaker.watch(null);
    });
    this.caretaker.watch(child.pid ?? null);
    return child;
  }
}
