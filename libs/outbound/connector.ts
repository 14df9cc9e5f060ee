import { isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { canonicalAddress, type AddressPolicy } from './address-policy.js';
import { connectToFirst } from './address-race.js';
import { findAddresses, hostOf, portOf } from './destination.js';
import type { NameResolver } from './name-resolver.js';
import { OutboundFailure } from './outbound-failure.js';

export interface ConnectorOptions {
  readonly policy: AddressPolicy;
  readonly resolver: NameResolver;
  /** For resolving, connecting and the TLS handshake together. */
  readonly connectTimeoutMs: number;
  /** PEM certificates trusted beside the built-in ones. */
  readonly certificateAuthorities?: readonly string[];
}

/**
 * The only place where a connection is opened. The address check stands here, behind URL parsing and resolving,
 * because a check of names alone misses addresses in URLs, and a check done earlier can be outrun by the next DNS
 * answer: what was judged is what is connected to.
 */
export class Connector {
  private readonly secureContext: SecureContext;

  constructor(private readonly options: ConnectorOptions) {
    const { certificateAuthorities } = options;
    this.secureContext = createSecureContext({
      minVersion: 'TLSv1.2',
      ...(certificateAuthorities && { ca: [...rootCertificates, ...certificateAuthorities] }),
    });
  }

  /** Opens a socket, with TLS for https, to an allowed address of the URL's host; rejects when `signal` aborts. */
  async open(url: URL, signal: AbortSignal): Promise<Socket> {
    const attempt = new AbortController();
    const giveUp = () => attempt.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    const timer = setTimeout(
      () => attempt.abort(new OutboundFailure('connection_timeout')),
      this.options.connectTimeoutMs,
    );
    try {
      return await this.openWithin(url, attempt.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  private async openWithin(url: URL, signal: AbortSignal): Promise<Socket> {
    const { policy, resolver } = this.options;
    const addresses = await orAbort(findAddresses(url, policy, resolver), signal);
    const socket = await connectToFirst(addresses, portOf(url), signal);
    assertConnectedTo(socket, addresses);
    return url.protocol === 'https:' ? this.secure(socket, hostOf(url), signal) : socket;
  }

  /** The certificate is checked against the host of the URL, never against the address. */
  private secure(socket: Socket, host: string, signal: AbortSignal): Promise<Socket> {
    const { secureContext } = this;
    return new Promise((resolve, reject) => {
      const secured = connectTls({
        socket,
        host,
        // RFC 6066 section 3: neither an address nor a trailing dot may stand in the server name.
        ...(isIP(host) === 0 && { servername: host.replace(/\.$/, '') }),
        secureContext,
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: true, // said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off
      });
      const abort = () => secured.destroy(reasonOf(signal));
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      secured.once('secureConnect', () => {
        signal.removeEventListener('abort', abort);
        resolve(secured);
      });
      secured.on('error', (error: Error) => {
        signal.removeEventListener('abort', abort);
        socket.destroy();
        reject(error);
      });
    });
  }
}

/** Not even a faulty network stack may lead elsewhere: the peer must be one of the addresses that were judged. */
function assertConnectedTo(socket: Socket, addresses: readonly string[]): void {
  const { remoteAddress } = socket;
  const peer = remoteAddress === undefined ? null : canonicalAddress(remoteAddress);
  if (peer !== null && addresses.includes(peer)) return;
  socket.destroy();
  throw new OutboundFailure(peer === null ? 'connection_reset' : 'destination_not_allowed');
}

const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new OutboundFailure('timeout');

function orAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(reasonOf(signal));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
