import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from './binaries.js';
import { EmbeddedPostgresError } from './error.js';
import { endProcess } from './processes.js';
import { runAs, spawnAs } from './run-as.js';
import type { Runner } from './runner.js';
import { END_POSTMASTER } from './takeover.js';

/** How the server ended. */
export interface PostmasterExit {
  /** Whether `stop()` had asked for it. */
  readonly expected: boolean;
  /** One sentence, with the last lines of PostgreSQL's log when it was not expected. */
  readonly message: string;
}

/** A running server. */
export interface Postmaster {
  readonly port: number;
  readonly exited: Promise<PostmasterExit>;
  stop(): Promise<void>;
}

export interface PostmasterPlan {
  readonly clusterDir: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

const TAIL_LINES = 30;
const POLL_INTERVAL_MS = 10;
/** Enough to replay the largest log that the default settings let grow after a power failure. */
const READY_WITHIN_MS = 300_000;
const PATIENCE_WITH_OLD_SERVER_MS = 10_000;
const PORT_ATTEMPTS = 5;

/** Starts the server on a free port; works round what a second attempt can. */
export async function launchPostmaster(runner: Runner, plan: PostmasterPlan): Promise<Postmaster> {
  const deadline = performance.now() + PATIENCE_WITH_OLD_SERVER_MS;
  let settings = plan.settings;
  for (let collisions = 0; ;) {
    const server = new Server(runner, { ...plan, settings }, await findFreePort());
    if (await server.becomesReady()) return server;
    const { message } = await server.exited;
    if (/could not create any TCP\/IP sockets/.test(message) && ++collisions < PORT_ATTEMPTS) continue;
    if (
      /(open|resize|map) shared memory segment "\//.test(message) &&
      !settings['dynamic_shared_memory_type']
    ) {
      plan.log('no POSIX shared memory here (/dev/shm): PostgreSQL uses files instead');
      settings = { ...settings, dynamic_shared_memory_type: 'mmap' };
      continue;
    }
    // Left-over children of a killed server where they could not be told from those of others.
    if (/pre-existing shared memory block/.test(message) && performance.now() < deadline) {
      await sleep(500);
      continue;
    }
    throw new EmbeddedPostgresError('start_failed', message);
  }
}

class Server implements Postmaster {
  readonly exited: Promise<PostmasterExit>;
  private readonly child: ChildProcess;
  private readonly tail: string[] = [];
  private readonly killWithUs = () => this.child.kill('SIGINT');
  private isStopping = false;
  private hasExited = false;

  constructor(
    private readonly runner: Runner,
    private readonly plan: PostmasterPlan,
    readonly port: number,
  ) {
    const settings = { ...plan.settings, port: String(port) };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.child = spawnAs(runner.identity, {
      file: program(runner.binaries, 'postgres'),
      args: ['-D', plan.clusterDir, ...args],
      detached: true,
    });
    this.readLog();
    this.exited = this.watch();
    // For a process that ends without stop(). One that is killed cannot do this: the next start ends its server.
    process.once('exit', this.killWithUs);
  }

  /** False if the server ended instead. It says so itself in `postmaster.pid`, and on that port it is no stranger. */
  async becomesReady(): Promise<boolean> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!this.hasExited) {
      const text = await readFile(join(this.plan.clusterDir, 'postmaster.pid'), 'utf8').catch(() => '');
      const [pid, , , port, , , , status] = text.split('\n');
      const isOurs = pid === String(this.child.pid) && port === String(this.port);
      if (isOurs && status?.trim() === 'ready') return true;
      if (performance.now() > deadline) {
        await this.stop();
        throw new EmbeddedPostgresError(
          'start_failed',
          `PostgreSQL was not ready in time.\n${this.tail.join('\n')}`,
        );
      }
      await sleep(POLL_INTERVAL_MS);
    }
    return false;
  }

  async stop(): Promise<void> {
    const { pid } = this.child;
    if (this.hasExited || pid === undefined) return;
    this.isStopping = true;
    const send = process.platform === 'win32' ? this.signalOnWindows : undefined;
    await endProcess(pid, END_POSTMASTER, send);
    await this.exited;
  }

  /** Windows has no signals; PostgreSQL's own are sent through its own program. */
  private readonly signalOnWindows = async (pid: number, signal: NodeJS.Signals): Promise<void> => {
    const args = ['kill', signal.replace('SIG', ''), String(pid)];
    await runAs(this.runner.identity, { file: program(this.runner.binaries, 'pg_ctl'), args });
  };

  private readLog(): void {
    if (!this.child.stderr) return;
    this.child.stdout?.resume();
    createInterface({ input: this.child.stderr }).on('line', (line) => {
      this.tail.push(line);
      if (this.tail.length > TAIL_LINES) this.tail.shift();
      this.plan.log(line);
    });
  }

  private watch(): Promise<PostmasterExit> {
    return new Promise((resolve) => {
      const finish = (how: string) => {
        this.hasExited = true;
        process.removeListener('exit', this.killWithUs);
        const message = this.isStopping ? 'PostgreSQL was stopped' : [how, ...this.tail].join('\n');
        resolve({ expected: this.isStopping, message });
      };
      this.child.once('error', (error) => finish(`PostgreSQL could not be started: ${error.message}`));
      this.child.once('exit', (code, signal) => {
        const how = `PostgreSQL ended by itself (${signal ?? `exit code ${code}`})`;
        // Its last words may still be in the pipe, but children that survive it hold the pipe open.
        const close = new Promise((closed) => this.child.once('close', closed));
        void Promise.race([close, sleep(500)]).then(() => finish(how));
      });
    });
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
