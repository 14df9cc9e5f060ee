import type { AddressPolicy } from './address-policy.js';
import { ConnectionGone } from './connection.js';
import { ConnectionPool } from './connection-pool.js';
import { Connector } from './connector.js';
import { parseHttpUrl } from './destination.js';
import type { Answer, WireRequest } from './exchange.js';
import { SystemResolver, type NameResolver } from './name-resolver.js';
import {
  failureCodeOf,
  OutboundFailure,
  type OutboundFailureCode,
  type PartialAnswer,
} from './outbound-failure.js';
import { assertSendableMethod, sendableHeaders, type HeaderList } from './request-headers.js';

export interface OutboundClientOptions {
  readonly policy: AddressPolicy;
  readonly resolver?: NameResolver;
  readonly maxSocketsPerOrigin?: number;
  readonly maxIdleSockets?: number;
  readonly maxSocketAgeMs?: number;
  readonly connectTimeoutMs?: number;
  /** PEM certificates trusted beside the built-in ones. */
  readonly certificateAuthorities?: readonly string[];
}

/** One request, sent once. */
export interface OutboundRequest {
  /** Any HTTP method but CONNECT. */
  readonly method: string;
  readonly url: string;
  /** Sent in this order and spelling, one byte per character; those of the connection are left out. */
  readonly headers: HeaderList;
  readonly body: Buffer;
  /** For everything from resolving the name to the last byte of the answer. */
  readonly timeoutMs: number;
  /** How much of the answer's body is read; 64 KiB when absent. */
  readonly maxResponseBytes?: number;
}

/** What became of a request: any whole (or truncated) answer is `ok`, whatever its status. */
export type OutboundResult =
  | (Answer & { readonly ok: true; readonly durationMs: number })
  | {
      readonly ok: false;
      readonly error: OutboundFailureCode;
      /** What had come when the answer broke off after its header. */
      readonly partial: PartialAnswer | null;
      readonly durationMs: number;
    };

const DEFAULT_MAX_RESPONSE_BYTES = 65_536;

/**
 * Sends requests to endpoints that strangers name. Follows no redirect, decompresses nothing, keeps no cookies, knows
 * no proxy, connects to allowed addresses only, and bounds time and size of every answer.
 */
export class OutboundClient {
  private readonly pool: ConnectionPool;
  private readonly inFlight = new Set<AbortController>();
  private isClosed = false;

  constructor(options: OutboundClientOptions) {
    const {
      policy,
      resolver = new SystemResolver(),
      connectTimeoutMs = 5_000,
      certificateAuthorities,
    } = options;
    this.pool = new ConnectionPool({
      connector: new Connector({
        policy,
        resolver,
        connectTimeoutMs,
        ...(certificateAuthorities && { certificateAuthorities }),
      }),
      maxSocketsPerOrigin: options.maxSocketsPerOrigin ?? 100,
      maxIdleSockets: options.maxIdleSockets ?? 512,
      maxSocketAgeMs: options.maxSocketAgeMs ?? 60_000,
    });
  }

  /** Sends a request and waits for the answer; trouble of any kind is a result, never an exception. */
  async send(request: OutboundRequest): Promise<OutboundResult> {
    const startedAt = performance.now();
    const elapsed = () => Math.round(performance.now() - startedAt);
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new OutboundFailure('timeout')), request.timeoutMs);
    this.inFlight.add(deadline);
    try {
      if (this.isClosed) throw new OutboundFailure('client_closed');
      const answer = await this.exchange(request, deadline.signal);
      return { ok: true, ...answer, durationMs: elapsed() };
    } catch (error) {
      const partial = error instanceof OutboundFailure ? error.partial : null;
      return { ok: false, error: failureCodeOf(error), partial, durationMs: elapsed() };
    } finally {
      clearTimeout(timer);
      this.inFlight.delete(deadline);
    }
  }

  /** Takes no more requests and cuts those under way (`client_closed`); wait for them first to end them in peace. */
  close(): void {
    this.isClosed = true;
    for (const deadline of this.inFlight) deadline.abort(new OutboundFailure('client_closed'));
    this.pool.destroy();
  }

  /** Sockets open now, in use or idle. */
  get socketCount(): number {
    return this.pool.socketCount;
  }

  private async exchange(request: OutboundRequest, signal: AbortSignal): Promise<Answer> {
    const { url, wire } = prepare(request);
    for (;;) {
      const connection = await this.pool.acquire(url, signal);
      try {
        return await connection.exchange(wire, signal);
      } catch (error) {
        // Ends: only a connection that has served before can be gone, and those are used up.
        if (!(error instanceof ConnectionGone)) throw error;
      } finally {
        this.pool.release(connection);
      }
    }
  }
}

function prepare(request: OutboundRequest): { url: URL; wire: WireRequest } {
  const parsed = parseHttpUrl(request.url);
  if ('problem' in parsed) throw new OutboundFailure('url_invalid');
  assertSendableMethod(request.method);
  const { url } = parsed;
  const wire: WireRequest = {
    method: request.method,
    // Not `pathname + search`, which drops the question mark of an empty query.
    path: url.href.slice(url.origin.length),
    headers: sendableHeaders(request.headers),
    body: request.body,
    maxResponseBytes: request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
  };
  return { url, wire };
}
