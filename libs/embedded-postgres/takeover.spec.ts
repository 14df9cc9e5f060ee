import { transformSync } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isAlive, listProcesses } from './processes.js';
import { startEmbeddedPostgres } from './start.js';
import { clusterNameOf } from './takeover.js';

const itOnLinux = process.platform === 'linux' ? it : it.skip;

const base = mkdtempSync(join(tmpdir(), 'callbox-takeover-'));
const dataDir = join(base, 'data');
const clusterDir = join(dataDir, 'postgres');
const pidFile = join(clusterDir, 'postmaster.pid');

/** A Callbox process of its own, to be killed: the launcher, compiled, and five lines that use it. */
const launcher = join(base, 'launcher');
const children: ChildProcess[] = [];

beforeAll(() => {
  mkdirSync(launcher);
  symlinkSync(join(process.cwd(), 'node_modules'), join(launcher, 'node_modules'));
  writeFileSync(join(launcher, 'package.json'), '{ "type": "module" }');
  for (const name of readdirSync(__dirname).filter((file) => /(?<!\.spec)\.ts$/.test(file))) {
    const { code } = transformSync(readFileSync(join(__dirname, name), 'utf8'), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    writeFileSync(join(launcher, name.replace(/ts$/, 'js')), code);
  }
  writeFileSync(
    join(launcher, 'main.js'),
    `import { startEmbeddedPostgres } from './index.js';
     const server = await startEmbeddedPostgres({ dataDir: process.argv[2], noSync: true })
       .catch((error) => (console.log(error.message), process.exit(1)));
     console.log(server.url);
     if (process.argv[3] === 'exit') process.exit();`,
  );
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(base, { recursive: true, force: true });
});

const launch = (...more: string[]): ChildProcess => {
  const child = spawn(process.execPath, [join(launcher, 'main.js'), dataDir, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  children.push(child);
  return child;
};

const firstLine = async ({ stdout }: ChildProcess): Promise<string> => {
  if (!stdout) throw new Error('no output');
  const [line] = (await once(createInterface({ input: stdout }), 'line')) as string[];
  return line ?? '';
};

/** As a terminal that is torn down does it: the process with all that shares its group. */
const killGroup = async (child: ChildProcess): Promise<void> => {
  const exit = once(child, 'exit');
  process.kill(-Number(child.pid), 'SIGKILL');
  await exit;
};

const connect = async (url: string): Promise<Client> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined); // its server gets killed
  await client.connect();
  return client;
};

/** Starts, does something on the database, and stops. */
const withServer = async <T>(use: (client: Client) => Promise<T>): Promise<T> => {
  const server = await startEmbeddedPostgres({ dataDir, noSync: true });
  try {
    const client = await connect(server.url);
    return await use(client).finally(() => client.end());
  } finally {
    await server.stop();
  }
};

const countKept = async (client: Client) => (await client.query('select from kept')).rowCount;
const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await sleep(10);
};
const postmasterPid = () => Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
const processesOfCluster = async () => {
  const name = await clusterNameOf(clusterDir);
  return (await listProcesses()).filter(({ command }) => command.includes(name));
};

describe('a data directory whose Callbox was killed', () => {
  it('is made anew when that happened in the middle of initdb', async () => {
    const child = launch();
    const isGrowing = () =>
      readdirSync(dataDir).some((name) => /^postgres\.new-[^.]*$/.test(name) && hasBase(name));
    const hasBase = (name: string) => readdirSync(join(dataDir, name)).includes('base');
    await until(() => {
      try {
        return isGrowing();
      } catch {
        return false; // not there yet
      }
    });
    await killGroup(child);
    expect(readdirSync(dataDir)).not.toContain('postgres');

    await withServer((client) => client.query('create table kept (id int)'));
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres-password']);
  });

  it('has its orphaned server stopped before another is started', async () => {
    const child = launch();
    const orphan = await connect(await firstLine(child));
    await orphan.query('insert into kept values (1)');
    const pid = postmasterPid();
    await killGroup(child);
    expect(isAlive(pid)).toBe(true);

    expect(await withServer(countKept)).toBe(1);
    expect(isAlive(pid)).toBe(false);
  });

  it('has an orphan stopped that is itself suspended', async () => {
    const child = launch();
    await firstLine(child);
    const pid = postmasterPid();
    await killGroup(child);
    // Without the pid file it is found by the name that it carries.
    rmSync(pidFile);
    process.kill(pid, 'SIGSTOP');

    expect(await withServer(countKept)).toBe(1);
    expect(isAlive(pid)).toBe(false);
  });

  itOnLinux('has the children ended that outlive a killed server', async () => {
    const child = launch();
    const client = await connect(await firstLine(child));
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const busyPid = Number(rows[0]?.pid);
    void client.query('do $$ begin loop end loop; end $$').catch(() => undefined);
    await until(() => readFileSync(`/proc/${busyPid}/stat`, 'utf8').includes(' R '));
    const pid = postmasterPid();
    await killGroup(child);
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    expect(isAlive(busyPid)).toBe(true);

    expect(await withServer(countKept)).toBe(1);
    expect(isAlive(busyPid)).toBe(false);
  });

  it.each([
    ['names an unrelated process', `${process.pid}\n${clusterDir}\n1700000000\n5432\n\n127.0.0.1\n`],
    ['names a process that is gone', `99999999\n${clusterDir}\n1700000000\n5432\n\n127.0.0.1\n`],
    ['was cut short by a power failure', ''],
  ])('starts though postmaster.pid %s', async (_, text) => {
    writeFileSync(pidFile, text, { mode: 0o600 });

    expect(await withServer(countKept)).toBe(1);
  });
});

describe('a data directory that a living Callbox has', () => {
  it('is refused to another, which names the process', async () => {
    const child = launch();
    await firstLine(child);
    const second = launch();
    expect(await firstLine(second)).toContain(`${dataDir} is in use by Callbox in process ${child.pid}.`);
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({ problem: 'data_dir_in_use' });
    await killGroup(child);

    expect(await withServer(countKept)).toBe(1);
  });

  it('is left without a server by a process that ends without stopping it', async () => {
    const child = launch('exit');
    await firstLine(child);

    await until(async () => (await processesOfCluster()).length === 0);
    expect(await withServer(countKept)).toBe(1);
  });

  itOnLinux('keeps its server when Ctrl-C reaches the terminal, until it stops it itself', async () => {
    const server = await startEmbeddedPostgres({ dataDir, noSync: true });
    const ours = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[2];
    const theirs = readFileSync(`/proc/${postmasterPid()}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    await server.stop();

    expect(theirs).not.toBe(ours);
    expect(await processesOfCluster()).toEqual([]);
  });
});
