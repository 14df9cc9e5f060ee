import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** The proxies whose word about where a request comes from is believed. */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #isEmpty: boolean;

  constructor(cidrs: readonly string[]) {
    this.#isEmpty = cidrs.length === 0;
    for (const cidr of cidrs) {
      const [address = '', length] = cidr.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (length === undefined) this.#networks.addAddress(address, family);
      else this.#networks.addSubnet(address, Number(length), family);
    }
  }

  /** Where a request comes from: the last address on its way that is not a trusted proxy's. */
  remoteAddressOf({ socket, headers }: IncomingMessage): string {
    const peer = plain(socket.remoteAddress ?? '');
    if (this.#isEmpty) return peer;
    const header = headers['x-forwarded-for'];
    const way = [header ?? []]
      .flat()
      .join(',')
      .split(',')
      .map((part) => plain(part.trim()));
    let address = peer;
    for (const before of way.reverse()) {
      if (!this.isTrusted(address) || isIP(before) === 0) return address;
      address = before;
    }
    return address;
  }

  private isTrusted(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** An IPv4 address as a socket that takes both families shows it. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
