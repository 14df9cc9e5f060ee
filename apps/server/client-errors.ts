import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { toUlid } from '#contract';
import { newId } from '#database';
import { type ErrorCode, errorRegistry, problem, problemDocument } from '#errors';

/** How long a sender may go on sending after the answer; closed sooner, the connection would be reset and the answer lost. */
const LINGER_MS = 1_000;
/** How long answers to requests that came before may take. */
const FINISH_WITHIN_MS = 10_000;

const CODES: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** A connection, with what Node keeps there of the request that is being answered. */
interface Line extends Socket {
  readonly _httpMessage?: (ServerResponse & { readonly req: IncomingMessage }) | null;
}

const ending = new WeakSet<Socket>();

/** Answers what is not HTTP, or did not come in time, and ends its connection; nothing else on it is listened to. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Who has said nothing yet may stay for longer, and is not waiting for an answer.
  const isSilent = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0;
  if (isSilent || ending.has(socket)) return;
  ending.add(socket);
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else answerInTurn(CODES[error.code ?? ''] ?? 'malformed_request', socket);
}

/** What came whole before is answered first: its sender would take this answer for that one. */
function answerInTurn(code: ErrorCode, socket: Line): void {
  const underWay = socket._httpMessage ?? null;
  if (underWay === null || (!underWay.req.complete && !underWay.headersSent))
    return end(socket, textOf(code));
  if (!underWay.req.complete) return end(socket, '');
  const timer = setTimeout(() => socket.destroy(), FINISH_WITHIN_MS).unref();
  underWay.once('close', () => {
    clearTimeout(timer);
    if (socket.writable) answerInTurn(code, socket);
  });
}

function end(socket: Socket, text: string): void {
  socket.end(text);
  socket.once('end', () => socket.destroy());
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function textOf(code: ErrorCode): string {
  const { status } = errorRegistry[code];
  const body = JSON.stringify(problemDocument(problem(code), `urn:callbox:request:${toUlid(newId())}`));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    `date: ${new Date().toUTCString()}`,
    '',
    body,
  ].join('\r\n');
}
