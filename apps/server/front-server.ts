import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
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
    const flaw = flawOf(request);
    if (flaw !== null) refuse(request, response, flaw);
    else if (isForInbox(request)) void front.inbox?.handle(request, response);
    else framework(request, response);
  };
  const server = createServer(
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
  server.on('connection', (socket) => newcomers.add(socket));
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
