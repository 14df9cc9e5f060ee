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
  response.writeHead(reply.status, headersOf(reply, closes));
  if (closes) endAfterBody(request, response, reply.body);
  else endAtOnce(response, reply.body);
}

/**
 * Names and values in turn. An object put together from others has a shape of its own for V8, which outlives it by far: 230
 * bytes an answer that only a collection of all garbage takes away.
 */
function headersOf({ status, headers, body }: Reply, closes: boolean): string[] {
  const list: string[] = [];
  for (const name in headers) if (!(closes && name === 'connection')) list.push(name, headers[name] ?? '');
  if (status !== NO_CONTENT) list.push('content-length', String(Buffer.byteLength(body)));
  if (closes) list.push('connection', 'close');
  return list;
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
