import type { HeaderPairs } from '#signatures';

const FORWARDED_HOSTS = ['host', 'x-forwarded-host', 'x-original-host', 'x-forwarded-server'];
const LOCAL_HOSTS = ['localhost', '127.0.0.1'];
const MOST_NAMED = 4;
const MOST_PARAMETERS = 12;
/** Each of them is verified. */
const MOST_URLS = 80;
const HOST = /^[A-Za-z0-9.-]{1,255}$|^\[[0-9A-Fa-f:.]{2,64}\]$/;

interface Parts {
  readonly scheme: string;
  readonly host: string;
  /** With its colon; empty for none. */
  readonly port: string;
  /** Path and query. */
  readonly target: string;
}

/**
 * URLs that the sender may have been told instead of `told`: those that differ in one thing first, and those under the
 * names that the headers have for this server, as the sender or a proxy called it.
 */
export function* urlVariants(
  told: string,
  headers: HeaderPairs,
  claimed: readonly string[],
): Generator<string> {
  const seen = new Set([told]);
  for (const url of allVariants(told, headers, claimed)) {
    if (seen.has(url)) continue;
    if (seen.size > MOST_URLS) return;
    seen.add(url);
    yield url;
  }
}

function* allVariants(told: string, headers: HeaderPairs, claimed: readonly string[]): Generator<string> {
  yield* claimed;
  const parts = partsOf(told);
  if (parts === null) return;
  const otherScheme = parts.scheme === 'https' ? 'http' : 'https';
  const schemes = [parts.scheme, otherScheme];
  const [slashed = '', ...targets] = targetsLike(parts.target);
  const named = namedIn(headers);
  const authorities = authoritiesOf(parts, named);
  const write = (scheme: string, authority: string, target: string): string =>
    `${scheme}://${authority}${target}`;
  const own = parts.host + parts.port;
  yield write(otherScheme, own, parts.target);
  yield write(parts.scheme, own, slashed);
  // A server that has not been told its public name: its scheme, host and port differ at once.
  for (const host of named) for (const scheme of ['https', 'http']) yield write(scheme, host, parts.target);
  for (const target of targets) yield write(parts.scheme, own, target);
  for (const scheme of schemes)
    for (const authority of authorities) yield write(scheme, authority, parts.target);
  yield parts.target;
  for (const scheme of schemes) for (const authority of authorities) yield write(scheme, authority, slashed);
  for (const target of targets) yield write(otherScheme, own, target);
}

function partsOf(url: string): Parts | null {
  const match = /^(https?):\/\/([^/?#]*?)(:\d+)?([/?].*)?$/s.exec(url);
  if (match === null) return null;
  const [, scheme = '', host = '', port = '', target = ''] = match;
  return { scheme, host, port, target };
}

/** With and without the slash at the end, without the query or with it written otherwise, and what joining by hand makes. */
function targetsLike(target: string): string[] {
  const [path, query] = splitTarget(target);
  const slashed = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
  return [
    slashed + query,
    ...(query === '' ? [] : [path]),
    `/${target}`,
    ...queriesLike(query).map((q) => path + q),
  ];
}

/** The same parameters in another order, or with other escapes. */
function queriesLike(query: string): string[] {
  const pairs = query.slice(1).split('&', MOST_PARAMETERS + 1);
  if (query === '' || pairs.length > MOST_PARAMETERS) return [];
  const sorted = [...pairs].sort();
  const orders = [sorted, [...pairs].reverse(), [...sorted].reverse()];
  const encoded = new URLSearchParams(query.slice(1)).toString();
  const spellings = [
    query.replaceAll('+', '%20'),
    query.replaceAll('%20', '+'),
    `?${encoded}`,
    `?${encoded.replaceAll('+', '%20')}`,
    unescaped(query),
  ];
  return [...orders.map((order) => `?${order.join('&')}`), ...spellings];
}

function unescaped(query: string): string {
  try {
    return decodeURIComponent(query);
  } catch {
    return query;
  }
}

function namedIn(headers: HeaderPairs): string[] {
  return headers
    .filter(([name]) => FORWARDED_HOSTS.includes(name.toLowerCase()))
    .flatMap(([, value]) => value.split(',', 2).map((text) => text.trim()))
    .filter((text) => HOST.test(hostOf(text)[0]))
    .slice(0, MOST_NAMED);
}

function authoritiesOf({ host, port }: Parts, named: readonly string[]): string[] {
  const found = new Set<string>([host + port]);
  for (const text of [host + port, ...named, ...LOCAL_HOSTS]) {
    const [name, ownPort] = hostOf(text);
    for (const one of [ownPort, '', port, ':443', ':80']) found.add(name + one);
  }
  return [...found];
}

function hostOf(text: string): [name: string, port: string] {
  const [, name = '', port = ''] = /^(.*?)(:\d{1,5})?$/.exec(text) ?? [];
  return [name, port];
}

/** In which parts two URLs differ, for people: `scheme`, `host`, `port`, `path`, `query`. */
export function differencesOf(expected: string, claimed: string): string[] {
  const [one, other] = [partsOf(expected), partsOf(claimed)];
  if (one === null || other === null) return ['form'];
  const [path = '', query = ''] = splitTarget(one.target);
  const [otherPath = '', otherQuery = ''] = splitTarget(other.target);
  const isSlash = path !== otherPath && withoutSlash(path) === withoutSlash(otherPath);
  const differences: (readonly [string, boolean])[] = [
    ['scheme', one.scheme !== other.scheme],
    ['host', one.host !== other.host],
    ['port', one.port !== other.port],
    ['trailing slash', isSlash],
    ['path', path !== otherPath && !isSlash],
    ['query', query !== otherQuery],
  ];
  return differences.filter(([, differs]) => differs).map(([name]) => name);
}

function splitTarget(target: string): [string, string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at)];
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
