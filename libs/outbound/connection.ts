import type { Socket } from 'node:net';
import { Client } from 'undici';
import { Exchange, type Answer, type WireRequest } from './exchange.js';
import { OutboundFailure } from './outbound-failure.js';

/** An idle socket was found closed before anything was written to it: another one may be used without harm. */
export class ConnectionGone extends OutboundFailure {
  constructor() {
    super('connection_reset');
  }
}

/** Shorter than the 5 s after which Node, and many others, close an idle connection. */
const IDLE_TIMEOUT_MS = 4_000;
const MAX_IDLE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MARGIN_MS = 1_000;
const MAX_RESPONSE_HEADER_BYTES = 16_384;

/**
 * One socket and the HTTP/1.1 spoken over it. undici does the speaking, but is never left to connect: it gets the
 * one checked socket and, when that is gone, an error. So no request can be written twice, or to another address.
 */
export class Connection {
  readonly openedAtMs = performance.now();
  private readonly client: Client;
  private exchangeCount = 0;

  constructor(
    readonly origin: string,
    private readonly socket: Socket,
    onClosed: (connection: Connection) => void,
  ) {
    let isHandedOver = false;
    this.client = new Client(origin, {
      // Asynchronously, for undici does not look at its queue again when the socket comes at once.
      connect: (_options, callback) => {
        const isFirst = !isHandedOver;
        isHandedOver = true;
        queueMicrotask(() => (isFirst ? callback(null, socket) : callback(new ConnectionGone(), null)));
      },
      pipelining: 1,
      maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
      // The deadline of the whole request is the caller's; these would only end a pause between two bytes.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      keepAliveMaxTimeout: MAX_IDLE_TIMEOUT_MS,
      keepAliveTimeoutThreshold: IDLE_TIMEOUT_MARGIN_MS,
    });
    const close = () => {
      this.destroy();
      onClosed(this);
    };
    if (socket.closed) queueMicrotask(close);
    else socket.once('close', close);
  }

  /** Bytes still unsent mean that the answer came before the request was taken: the rest would precede the next one. */
  get isReusable(): boolean {
    return !this.socket.destroyed && this.socket.writableLength === 0;
  }

  /** Sends one request; rejects with an {@link OutboundFailure} or, only if nothing was sent, {@link ConnectionGone}. */
  exchange(request: WireRequest, signal: AbortSignal): Promise<Answer> {
    const isFirst = this.exchangeCount === 0;
    this.exchangeCount += 1;
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(request.maxResponseBytes, {
        onAnswer: (answer, isConnectionClean) => {
          signal.removeEventListener('abort', abort);
          if (!isConnectionClean) this.destroy();
          resolve(answer);
        },
        onFailure: (failure, isSent) => {
          signal.removeEventListener('abort', abort);
          this.destroy();
          reject(!isSent && !isFirst && failure.code === 'connection_reset' ? new ConnectionGone() : failure);
        },
      });
      const abort = () => exchange.onError(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      else this.client.dispatch(request, exchange);
    });
  }

  destroy(): void {
    this.socket.destroy();
    if (!this.client.destroyed) this.client.destroy(new OutboundFailure('connection_reset'), () => undefined);
  }
}
