// Compiles to dist/ when a source is newer than the last build.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const entry = join(root, 'dist/apps/server/main.js');
const stamp = join(root, 'dist/.tsbuildinfo');
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const sources = ['apps', 'libs', 'migrations', 'bench', 'tsconfig.json', 'tsconfig.build.json'].map((name) =>
  join(root, name),
);

const newest = (path) =>
  statSync(path).isDirectory()
    ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
    : statSync(path).mtimeMs;

const isStale = () =>
  !existsSync(entry) ||
  !existsSync(stamp) ||
  Math.max(...sources.filter((path) => existsSync(path)).map(newest)) > statSync(stamp).mtimeMs;

/** Builds if need be, and says so; ends the process when the build fails. Where there is no compiler, what is built is used. */
export function buildIfStale(output = process.stdout) {
  if (!existsSync(compiler) || !isStale()) return;
  output.write('Building Callbox, a few seconds …\n');
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
    cwd: root,
    stdio: ['inherit', output.fd, 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  // The compiler leaves its stamp alone when the change was none to it.
  utimesSync(stamp, new Date(), new Date());
}
