import { access, constants, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { asSelf, type Identity, type Owner } from './run-as.js';

const NOBODY: Owner = { uid: 65534, gid: 65534 };

/** The identities worth trying on this machine, the least intrusive first. */
export async function possibleIdentities(dataDir: string): Promise<Identity[]> {
  const uid = process.getuid?.();
  if (uid === undefined) return [asSelf];
  const accounts = await ordinaryAccounts();
  if (uid !== 0) return hasAccount() ? [asSelf] : [...(await inUserNamespace(accounts)), asSelf];
  return [
    ...(await asOwnerOf(dataDir, accounts)),
    ...(await inUserNamespace(accounts)),
    asAccount(accountToDropTo(accounts)),
    ...(await asAccountWithAccess(accountToDropTo(accounts))),
  ];
}

/** For root in an ordinary user's data directory: as that user, who can then start it without root again. */
async function asOwnerOf(dataDir: string, accounts: Account[]): Promise<Identity[]> {
  const { uid, gid } = await stat(dataDir);
  return accounts.some((account) => account.uid === uid) ? [asAccount({ uid, gid })] : [];
}

/**
 * In a user namespace of its own the process has another uid to look at and keeps its rights on files: no file
 * changes hands, and a folder that only this user may enter stays reachable. Many containers forbid it.
 */
async function inUserNamespace(accounts: Account[]): Promise<Identity[]> {
  const unshare = await findTool('unshare');
  if (!unshare) return [];
  // initdb looks its user up by name, so the uid must be one that /etc/passwd knows.
  const { uid, gid } = accounts[0] ?? { uid: 1000, gid: 1000 };
  const prefix = [unshare, '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  return [{ name: 'user-namespace', prefix, owner: asSelf.owner }];
}

/** Gives up root for an account without rights. Its way to the data directory must be open to others. */
export function asAccount(account: Owner): Identity {
  return { name: 'unprivileged', prefix: [], user: account, owner: account };
}

/**
 * As above, but the process may still pass closed folders: for a data directory in root's own home. The secure bit
 * makes access(2) count that right too, with which PostgreSQL checks its own program.
 */
export async function asAccountWithAccess({ uid, gid }: Owner): Promise<Identity[]> {
  const setpriv = await findTool('setpriv');
  if (!setpriv) return [];
  const capability = '+dac_override';
  const prefix = [setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  prefix.push(
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
    '--securebits=+no_setuid_fixup',
    '--',
  );
  return [{ name: 'unprivileged-with-access', prefix, owner: { uid, gid } }];
}

interface Account extends Owner {
  readonly name: string;
}

/** `nobody`, or `daemon` where nobody's uid is negative (macOS). */
export function accountToDropTo(accounts: Account[]): Owner {
  const named = (name: string) => accounts.find((account) => account.name === name);
  const { uid, gid } = named('nobody') ?? named('daemon') ?? accounts[0] ?? NOBODY;
  return { uid, gid };
}

/** The accounts of `/etc/passwd` other than root, in its order. */
export async function ordinaryAccounts(): Promise<Account[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => uid > 0 && gid >= 0);
}

/** Containers often run under a uid without an account, which initdb refuses. */
function hasAccount(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

// By absolute path: PATH may be empty, or lead to something else of that name.
async function findTool(name: string): Promise<string | null> {
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin', '/sbin']) {
    const file = `${folder}/${name}`;
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return file;
  }
  return null;
}
