import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a raw server does with each whole request; `count` starts at 1. */
export type RequestHandler = (socket: Socket, request: Buffer, count: number) => void;

/** A TCP server for specs that shows the bytes of each request and answers with whatever bytes a spec wants. */
export class RawServer {
  readonly requests: Buffer[] = [];
  readonly sockets = new Set<Socket>();
  connectionCount = 0;

  private constructor(
    private readonly server: Server,
    private readonly onRequest: RequestHandler,
  ) {
    server.on('connection', (socket) => this.onConnection(socket));
  }

  static async start(onRequest: RequestHandler, host = '127.0.0.1'): Promise<RawServer> {
    const server = createServer();
    const raw = new RawServer(server, onRequest);
    server.listen(0, host);
    await once(server, 'listening');
    return raw;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = '/'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Requests as latin1 text: one character per byte. */
  get texts(): string[] {
    return this.requests.map((request) => request.toString('latin1'));
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private onConnection(socket: Socket): void {
    this.connectionCount += 1;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let end = endOfRequest(pending); end !== null; end = endOfRequest(pending)) {
        const request = pending.subarray(0, end);
        pending = pending.subarray(end);
        this.requests.push(request);
        this.onRequest(socket, request, this.requests.length);
      }
    });
  }
}

function endOfRequest(bytes: Buffer): number | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const length = /\r\ncontent-length: (\d+)/i.exec(bytes.toString('latin1', 0, headEnd + 2))?.[1] ?? '0';
  const end = headEnd + 4 + Number(length);
  return bytes.length >= end ? end : null;
}

/** A handler that answers every request with the same bytes. */
export const answerWith =
  (answer: string | Buffer): RequestHandler =>
  (socket) => {
    socket.write(answer, 'latin1');
  };

/** A small whole answer that leaves the connection open. */
export const OK_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Waits for a condition, turn by turn of the event loop; fails when it does not come true. */
export async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`never came true: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
