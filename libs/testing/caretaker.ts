import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads the pid of the server whenever it was started, and an empty line when it has ended, until nobody writes any more.
 * Whom a pid belongs to is looked up before each signal: /proc, since not every machine has ps.
 */
const SCRIPT = `
entry=$1 data=$2 own=$3
runs() {
  { tr '\\0' ' ' <"/proc/$1/cmdline" || ps -o args= -p "$1"; } 2>/dev/null | grep -qF -- "$2"
}
end() {
  runs "$1" "$2" || return 0
  kill "-$3" "$1"
  ticks=0
  while runs "$1" "$2" && [ $ticks -lt 250 ]; do sleep 0.1; ticks=$((ticks + 1)); done
  if runs "$1" "$2"; then kill -KILL "$1"; fi
}
server=
while read -r line; do server=$line; done
if [ -n "$server" ]; then end "$server" "$entry" TERM; fi
postmaster=$(head -n 1 "$data/postgres/postmaster.pid" 2>/dev/null)
if [ -n "$postmaster" ]; then end "$postmaster" "$data/postgres" QUIT; fi
if [ -n "$own" ]; then rm -rf -- "$own"; fi
`;

interface Care {
  /** What the server's command line names. */
  readonly entry: string;
  readonly dataDir: string;
  /** Whether the directory goes, too. */
  readonly ownsDataDir: boolean;
}

/**
 * Ends what a server process leaves behind, itself if need be, also when the test process is killed before it could:
 * a process beside it, which notices. (Of specs jest runs no listener of `exit`.)
 */
export class Caretaker {
  readonly #shell: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor({ entry, dataDir, ownsDataDir }: Care) {
    // In a session of its own, out of reach of the terminal's Ctrl-C.
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'caretaker', entry, dataDir, ownsDataDir ? dataDir : ''], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#ended = new Promise((resolve) => this.#shell.once('exit', resolve));
    this.#shell.stdin?.on('error', () => undefined);
    this.#shell.unref();
  }

  /** The server runs as this process from now on; `null`: it has ended. */
  watch(pid: number | null): void {
    this.#shell.stdin?.write(`${pid ?? ''}\n`);
  }

  /** Ends what is left, now. */
  async finish(): Promise<void> {
    this.#shell.ref();
    this.#shell.stdin?.end();
    await this.#ended;
  }
}
