// Builds what is stale, then runs the server in this very process, so that signals reach it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist/apps/server/main.js');

const newest = (path) =>
  statSync(path).isDirectory()
    ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
    : statSync(path).mtimeMs;

const sources = ['apps', 'libs', 'migrations', 'tsconfig.json', 'tsconfig.build.json'].map((name) =>
  join(root, name),
);
const stamp = join(root, 'dist/.tsbuildinfo');
const compiler = join(root, 'node_modules/typescript/bin/tsc');

const isStale = () =>
  !existsSync(built) ||
  !existsSync(stamp) ||
  Math.max(...sources.filter(existsSync).map(newest)) > statSync(stamp).mtimeMs;

if (existsSync(compiler) && isStale()) {
  process.stdout.write('Building Callbox, a few seconds …\n');
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

await import(built);
