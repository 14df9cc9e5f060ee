import { transformSync } from '@swc/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caretaker } from './caretaker.js';
import { eventually } from './eventually.js';

let folder: string;
let entry: string;
let dataDir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callbox-caretaker-'));
  [entry, dataDir] = [join(folder, 'server.mjs'), join(folder, 'data')];
  mkdirSync(join(dataDir, 'postgres'), { recursive: true });
  // Says whether it was asked to end.
  const onTerm = `process.on('SIGTERM', () => { writeFileSync('${folder}/asked', ''); process.exit(); });`;
  writeFileSync(
    entry,
    `import { writeFileSync } from 'node:fs'; ${onTerm} setInterval(() => {}, 1000); console.log('up');`,
  );
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

test('the server that it was told of last, and PostgreSQL on its data, end, and the directory goes', async () => {
  const [ended, server] = [await run(entry), await run(entry)];
  const postmaster = await run('-e', 'setInterval(() => {}, 1000); console.log("up")', `${dataDir}/postgres`);
  writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), `${postmaster.pid}\n${dataDir}/postgres\n`);
  const caretaker = new Caretaker({ entry, dataDir, ownsDataDir: true });
  caretaker.watch(ended.pid ?? 0);
  caretaker.watch(null);
  caretaker.watch(server.pid ?? 0);
  await caretaker.finish();
  await eventually(() => expect([server, postmaster].map(hasEnded)).toEqual([true, true]));
  expect(existsSync(join(folder, 'asked'))).toBe(true);
  expect(hasEnded(ended)).toBe(false);
  expect(existsSync(dataDir)).toBe(false);
});

test('a process that has got the pid of another since is left alone, and so is a directory that was given', async () => {
  const other = await run(entry);
  writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), `${other.pid}\n`);
  const caretaker = new Caretaker({ entry: join(folder, 'main.js'), dataDir, ownsDataDir: false });
  caretaker.watch(other.pid ?? 0);
  await caretaker.finish();
  expect(existsSync(dataDir)).toBe(true);
  expect(existsSync(join(folder, 'asked'))).toBe(false);
  expect(hasEnded(other)).toBe(false);
});

test('all of it is done when the process that started the server is killed', async () => {
  const server = await run(entry);
  const { code } = transformSync(readFileSync(join(__dirname, 'caretaker.ts'), 'utf8'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  const care = JSON.stringify({ entry, dataDir, ownsDataDir: true });
  const holder = join(folder, 'holder.mjs');
  writeFileSync(
    holder,
    `${code}
     new Caretaker(${care}).watch(${server.pid});
     setInterval(() => {}, 1000);
     console.log('up');`,
  );
  const started = await run(holder);
  expect(existsSync(dataDir)).toBe(true);
  started.kill('SIGKILL');
  await eventually(() => expect(existsSync(dataDir)).toBe(false));
  await eventually(() => expect(hasEnded(server)).toBe(true));
  expect(existsSync(join(folder, 'asked'))).toBe(true);
});
