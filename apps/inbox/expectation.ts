import type { IncomingMessage, ServerResponse } from 'node:http';

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Notes a request whose sender keeps its body back until it is told to go on (`Expect: 100-continue`). */
export function awaitContinue(request: IncomingMessage, response: ServerResponse): void {
  waiting.set(request, response);
}

/** Whether the sender of a request is still waiting to be told to send its body. */
export function isAwaitingContinue(request: IncomingMessage): boolean {
  return request.headers.expect !== undefined && waiting.has(request);
}

/** Tells the sender of a request to send its body, if it waits for that. */
export function sayContinue(request: IncomingMessage): void {
  if (request.headers.expect === undefined) return;
  waiting.get(request)?.writeContinue();
  waiting.delete(request);
}
