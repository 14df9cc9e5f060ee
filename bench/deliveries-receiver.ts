import { createServer } from 'node:http';

/** What the receiver tells of itself when it is asked. */
export interface ReceiverReport {
  readonly count: number;
  /** Milliseconds since the epoch; of those that carried the id of an event. */
  readonly arrivals: readonly (readonly [eventId: string, atMs: number])[];
}

// An app of its own, in a process of its own: its work must not be counted as Callbox's. What comes to /hang stays without an answer.
let count = 0;
let arrivals: [string, number][] = [];
const server = createServer((request, response) => {
  const atMs = performance.timeOrigin + performance.now();
  if (request.url?.startsWith('/hang')) {
    request.resume();
    return;
  }
  request.resume().on('end', () => {
    count += 1;
    arrivals.push([String(request.headers['callbox-event-id'] ?? ''), atMs]);
    response.end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
process.on('message', (message) => {
  // Thousands of arrivals are not told to somebody who only waits for the last one.
  process.send?.({ count, arrivals: message === 'count' ? [] : arrivals } satisfies ReceiverReport);
  if (message === 'reset') [count, arrivals] = [0, []];
});
process.on('disconnect', () => process.exit());
