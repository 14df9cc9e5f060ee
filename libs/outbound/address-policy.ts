import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network and the number of its leading bits. */
export type Cidr = readonly [network: Address, prefixLength: number];

const cidrs = (...texts: string[]): readonly Cidr[] => texts.map((text) => ipaddr.parseCIDR(text));

/**
 * What no setting opens: addresses at which a cloud answers its own machines with credentials, and addresses that
 * name no single host. 0.0.0.0 and :: reach the machine itself on Linux.
 */
const NEVER = cidrs(
  '0.0.0.0/8',
  '169.254.0.0/16', // link-local; metadata of AWS, Azure, Google, Oracle, DigitalOcean and others
  '168.63.129.16/32', // Azure's platform address, in public space
  '100.100.100.200/32', // Alibaba's metadata
  '192.0.0.192/32', // Oracle's metadata
  '224.0.0.0/4',
  '255.255.255.255/32',
  '::/128',
  'fd00:ec2::/32', // AWS' metadata, name servers and credentials over IPv6
  'fd20:ce::254/128', // Google's metadata over IPv6
  'ff00::/8',
);

/** The special-purpose blocks of IPv4 (RFC 6890 and its registry), whether or not traffic to them is routed. */
const SPECIAL_IPV4 = cidrs(
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
);

/** Only this block of IPv6 is assigned as global unicast; what lies outside is refused without being named. */
const GLOBAL_IPV6 = cidrs('2000::/3');

/** Inside it: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112. */
const SPECIAL_IPV6 = cidrs('2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '2620:4f:8000::/48');

/** RFC 6052: an IPv4 address in the last 32 bits, which a gateway connects to. */
const NAT64 = cidrs('64:ff9b::/96');

const isIn = (address: Address, ranges: readonly Cidr[]): boolean =>
  ranges.some(
    ([network, prefixLength]) => network.kind() === address.kind() && address.match(network, prefixLength),
  );

/** Strict: dotted decimal or RFC 4291 text, no zone. An IPv4-mapped address becomes the IPv4 address it stands for. */
function parseAddress(text: string): Address | null {
  const version = isIP(text);
  if (version === 0 || text.includes('%')) return null;
  // Spelled by WHATWG first, because ipaddr.js takes `::8.8.8.8` for the IPv4-mapped `::ffff:8.8.8.8`.
  return ipaddr.process(version === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text);
}

/** The one spelling of an address by which two can be compared; `null` when the text is no address. */
export function canonicalAddress(text: string): string | null {
  return parseAddress(text)?.toString() ?? null;
}

/**
 * Reads the operator's list of private networks that may be reached; an address alone means just itself.
 * Throws a RangeError that names the entry when one is malformed or lies wholly in what is never reached.
 */
export function parseAllowList(texts: readonly string[]): readonly Cidr[] {
  return texts.map((text) => {
    const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
    const network = parseAddress(address);
    const bits = network?.kind() === 'ipv4' ? 32 : 128;
    const prefixLength = prefix === undefined ? bits : Number(prefix);
    // A mapped address would be read as IPv4 with a prefix that counts 96 bits too many.
    if (network === null || prefixLength > bits || /^::ffff:/i.test(address)) {
      throw new RangeError(`"${text}" is not a CIDR such as 10.20.0.0/16 or fd12:3456::/48`);
    }
    if (NEVER.some((never) => never[1] <= prefixLength && isIn(network, [never]))) {
      throw new RangeError(`"${text}" can not be allowed: it holds cloud metadata or no single host`);
    }
    return [network, prefixLength] as const;
  });
}

/** Judges which addresses may be connected to: public ones, and private ones the operator has allowed. */
export class AddressPolicy {
  private readonly allowed: readonly Cidr[];

  constructor(allowedCidrs: readonly string[]) {
    this.allowed = parseAllowList(allowedCidrs);
  }

  /** May this address be connected to? Anything but the plain text of an address is refused. */
  isAllowed(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed !== null && (this.isListed(parsed) || isPublic(parsed));
  }

  /** As {@link isAllowed}, for one port: ports of other protocols are open in the operator's networks only. */
  isAllowedAt(address: string, port: number): boolean {
    const parsed = parseAddress(address);
    if (parsed === null || port < 1 || port > 65_535) return false;
    return this.isListed(parsed) || (isPublic(parsed) && isWebPort(port));
  }

  private isListed(address: Address): boolean {
    if (isIn(address, NEVER) || !isIn(address, this.allowed)) return false;
    const behindGateway = isIn(address, NAT64) ? ipaddr.fromByteArray(address.toByteArray().slice(12)) : null;
    return behindGateway === null || this.isAllowed(behindGateway.toString());
  }
}

function isPublic(address: Address): boolean {
  if (isIn(address, NEVER)) return false;
  if (address.kind() === 'ipv4') return !isIn(address, SPECIAL_IPV4);
  return isIn(address, GLOBAL_IPV6) && !isIn(address, SPECIAL_IPV6);
}

/**
 * Above 1023, ports where something listens that obeys bytes it takes for its own protocol: databases, queues,
 * container and cluster control, and those the Fetch standard blocks.
 */
const OTHER_PROTOCOLS: ReadonlySet<number> = new Set([
  1433, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4222,
  5060, 5061, 5432, 5672, 5900, 5984, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042,
  9092, 9200, 9300, 10080, 10250, 10255, 11211, 27017,
]);

/** Is this a port at which a stranger's HTTP endpoint may be expected? */
export function isWebPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && port <= 65_535 && !OTHER_PROTOCOLS.has(port));
}
