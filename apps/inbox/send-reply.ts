import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAwaitingContinue } from './expectation.js';
import type { Reply } from './reply.js';

/** How long a sender whose body is not wanted may go on sending, so that it gets to read the answer. */
const LINGER_MS = 3_000;
/** A body of so many bytes is read to its end rather than the connection closed: making a new one costs more. */
const MOST_BYTES_DISCARDED = 65_536;
const NO_CONTENT = 204;

/** Writes a reply, also to a sender that is still sending a body nobody will read. */
export function sendReply(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const closes = reply.closes && !request.complete && !isSoonOver(request);
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.status === NO_CONTENT ? {} : { 'content-length': Buffer.byteLength(reply.body) }),
    ...(closes ? { connection: 'close' } : {}),
  });
  if (closes) endAfterBody(request, response, reply.body);
  else endAtOnce(response, reply.body);
}

/** In one piece. By itself `end(body)` adds an empty one, and to gather two for the system costs a tenth of a callback's time. */
function endAtOnce(response: ServerResponse, body: string): void {
  if (body !== '') response.write(body);
  response.socket?.uncork();
  response.end();
}

/** Whether the rest of the body is short, and will come, so that Node discards it and takes the next request. */
function isSoonOver(request: IncomingMessage): boolean {
  const length = Number(request.headers['content-length'] ?? Infinity);
  return length <= MOST_BYTES_DISCARDED && !isAwaitingContinue(request);
}

/** Closing at once would reset the connection under a sender that is still sending, and the answer with it. */
function endAfterBody(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS).unref();
  request.once('end', end).once('close', end).resume();
}
