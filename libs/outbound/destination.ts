import { isIP } from 'node:net';
import { canonicalAddress, isWebPort, type AddressPolicy } from './address-policy.js';
import { isLocalhost, SystemResolver, type NameResolver } from './name-resolver.js';
import { OutboundFailure } from './outbound-failure.js';

/** Whether a URL may be kept as a destination; `detail` may be shown to the tenant. */
export type UrlCheck =
  | { readonly ok: true; readonly url: URL }
  | { readonly ok: false; readonly code: 'destination_not_allowed' | 'url_invalid'; readonly detail: string };

let systemResolver: SystemResolver | undefined;

const MAX_URL_LENGTH = 4096;

const NOT_ALLOWED =
  'The host is, or resolves to, an address or port that may not be reached: use a public address and a web port.';

/** Parses an absolute http(s) URL as browsers do (WHATWG), or says what is wrong with it. */
export function parseHttpUrl(text: string): { url: URL } | { problem: string } {
  if (text.length > MAX_URL_LENGTH) return { problem: `A URL has at most ${MAX_URL_LENGTH} characters.` };
  if (!URL.canParse(text)) return { problem: 'Not an absolute URL.' };
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { problem: 'Only http and https URLs are possible.' };
  }
  if (url.username !== '' || url.password !== '') {
    return { problem: 'User name and password do not belong in the URL: send them in a header.' };
  }
  if (url.href.includes('#')) return { problem: 'A fragment (#…) is never sent: leave it out.' };
  return { url };
}

/** The port a URL connects to. */
export const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80));

/** The host of a URL as an address or a name, without the brackets of IPv6. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/**
 * All addresses of a URL's host, each of them allowed; throws an {@link OutboundFailure} otherwise.
 * An address in the URL and a resolved one are judged alike. A name with one forbidden address is refused as a
 * whole: it is what a rebinding attack looks like. `localhost` is excepted, for no tenant can make it resolve to
 * anything else: of its two addresses the operator may have allowed one.
 */
export async function findAddresses(
  url: URL,
  policy: AddressPolicy,
  resolver: NameResolver,
): Promise<readonly string[]> {
  const host = hostOf(url);
  const found = isIP(host) === 0 ? await resolveOrNothing(resolver, host) : [host];
  if (found.length === 0) throw new OutboundFailure('dns_failed');
  const port = portOf(url);
  const allowed = found.filter((address) => policy.isAllowedAt(address, port));
  if (allowed.length === 0 || (allowed.length < found.length && !isLocalhost(host))) {
    throw new OutboundFailure('destination_not_allowed');
  }
  return [...new Set(allowed.map((address) => canonicalAddress(address) ?? address))];
}

/**
 * Judges a URL that is to be saved as a destination. A name that does not resolve now is taken (it may later), and
 * refused when connecting; that everything is judged again at every connection is what makes this safe.
 */
export async function checkUrl(
  text: string,
  policy: AddressPolicy,
  resolver: NameResolver = (systemResolver ??= new SystemResolver()),
): Promise<UrlCheck> {
  const parsed = parseHttpUrl(text);
  if ('problem' in parsed) return { ok: false, code: 'url_invalid', detail: parsed.problem };
  const { url } = parsed;
  try {
    await findAddresses(url, policy, resolver);
    return { ok: true, url };
  } catch (error) {
    const unresolved = error instanceof OutboundFailure && error.code === 'dns_failed';
    if (unresolved && isWebPort(portOf(url))) return { ok: true, url };
    return { ok: false, code: 'destination_not_allowed', detail: NOT_ALLOWED };
  }
}

async function resolveOrNothing(resolver: NameResolver, hostname: string): Promise<readonly string[]> {
  try {
    return await resolver.resolve(hostname);
  } catch {
    return [];
  }
}
