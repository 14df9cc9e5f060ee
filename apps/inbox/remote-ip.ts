import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

type Cidr = ReturnType<typeof ipaddr.parseCIDR>;

const MOST_HOPS = 32;

/**
 * Who has sent a request: the address that connects or, where that is a proxy which is trusted, the last one in
 * `X-Forwarded-For` that is none. The management API's framework goes by the same rule.
 */
export function remoteIp(request: IncomingMessage, trustedProxies: readonly string[]): string | null {
  const connected = request.socket.remoteAddress;
  if (connected === undefined) return null;
  const trusted = trustedProxies.map((text) => ipaddr.parseCIDR(text));
  const forwarded = [request.headers['x-forwarded-for'] ?? ''].flat().join(',').split(',');
  let address = plain(connected);
  for (const hop of forwarded
    .map((text) => text.trim())
    .reverse()
    .slice(0, MOST_HOPS)) {
    if (hop === '' || !isTrusted(address, trusted)) break;
    if (!ipaddr.isValid(hop)) break;
    address = plain(hop);
  }
  return address;
}

/** An IPv4 address that came in the clothes of IPv6 as itself. */
function plain(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}

function isTrusted(address: string, trusted: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return trusted.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
}
