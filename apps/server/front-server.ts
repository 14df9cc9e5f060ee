import {
  type IncomingMessage,
  type RequestListener,
  Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Limits } from '#config';
import { toUlid } from '#contract';
import { newId } from '#database';
import { problem, problemDocument } from '#errors';
import { isIngestTarget } from '#sources';
import { awaitContinue } from '../inbox/expectation.js';
import type { Inbox } from '../inbox/inbox.js';
import { sendReply } from '../inbox/send-reply.js';
import { Newcomers } from './newcomers.js';
import { flawOf } from './request-flaws.js';

const MAKE_ROOM_EVERY_MS = 100;
const CLOSE_IDLE_EVERY_MS = 50;

/** Makes the HTTP server: callbacks go straight to the inbox, all else to the framework. */
export function createFrontServer(
  framework: RequestListener,
  front: { readonly inbox: Inbox | null },
  limits: Limits,
): Server {
  const isForInbox = ({ url = '' }: IncomingMessage): boolean => front.inbox !== null && isIngestTarget(url);
  const newcomers = new Newcomers();
  const receive = (request: IncomingMessage, response: ServerResponse): void => {
    newcomers.remove(request.socket);
    // A sender with much to send would keep a process that is stopping for as long as it likes.
    if (!server.listening) response.shouldKeepAlive = false;
    const flaw = flawOf(request);
    if (flaw !== null) refuse(request, response, flaw);
    else if (isForInbox(request)) void front.inbox?.handle(request, response);
    else framework(request, response);
  };
  const server = new DrainingServer(
    limits.drainWithinMs,
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      // Looked at with the other flaws, to be answered like them.
      requireHostHeader: false,
    },
    receive,
  );
  server.on('checkContinue', (request, response) => {
    if (isForInbox(request)) awaitContinue(request, response);
    else response.writeContinue();
    receive(request, response);
  });
  // RFC 9110, section 10.1.1: an expectation that is not known may be ignored.
  server.on('checkExpectation', receive);
  server.maxConnections = limits.mostConnections;
  server.on('connection', (socket) => {
    newcomers.add(socket);
    front.inbox?.connect();
  });
  const timer = setInterval(
    () => newcomers.closeSilent(limits.silenceTimeoutMs),
    limits.checkEveryMs,
  ).unref();
  server.once('close', () => clearInterval(timer));
  makeRoom(server, newcomers);
  // Their size is bounded already; beyond a number of headers Node would drop the rest without a word.
  server.maxHeadersCount = 0;
  return server;
}

/**
 * Node closes the connections that are idle when a server closes, and looks neither at those that become so later nor, from
 * then on, at requests that never come to their end.
 */
class DrainingServer extends Server {
  constructor(
    private readonly drainWithinMs: number,
    ...rest: [options: ServerOptions, listener: RequestListener]
  ) {
    super(...rest);
  }

  override close(done?: (error?: Error) => void): this {
    const idle = setInterval(() => this.closeIdleConnections(), CLOSE_IDLE_EVERY_MS).unref();
    const late = setTimeout(() => this.closeAllConnections(), this.drainWithinMs).unref();
    return super.close((error) => {
      clearInterval(idle);
      clearTimeout(late);
      done?.(error);
    });
  }
}

/** Connections that nobody is using make room for those that somebody would use. */
function makeRoom(server: Server, newcomers: Newcomers): void {
  let madeAtMs = -Infinity;
  server.on('drop', () => {
    if (performance.now() - madeAtMs < MAKE_ROOM_EVERY_MS) return;
    madeAtMs = performance.now();
    server.closeIdleConnections();
    newcomers.makeRoom();
  });
}

function refuse(request: IncomingMessage, response: ServerResponse, flaw: string): void {
  const document = problemDocument(
    problem('malformed_request', flaw),
    `urn:callbox:request:${toUlid(newId())}`,
  );
  sendReply(request, response, {
    status: document.status,
    // Nothing after a request that may be read in two ways is to be believed.
    headers: { 'content-type': 'application/problem+json', connection: 'close' },
    body: JSON.stringify(document),
    closes: true,
  });
}
