import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it reached a receiver. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly atMs: number;
}

/** What a receiver answers to one request. */
interface ScriptedReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Cuts the connection instead of answering. */
  readonly hangUp?: boolean;
  /** Never answers. */
  readonly silent?: boolean;
  /** Answers after it. */
  readonly after?: Promise<unknown>;
}

/** An app of a tenant's: keeps what it gets and answers by script, 200 when the script is over. */
export class Receiver {
  readonly requests: ReceivedRequest[] = [];
  readonly #script: ScriptedReply[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new Receiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.requests.push({
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          rawHeaders: request.rawHeaders,
          body: Buffer.concat(chunks),
          atMs: Date.now(),
        });
        const reply = receiver.#script.shift() ?? {};
        const answer = () => response.writeHead(reply.status ?? 200, reply.headers).end(reply.body ?? 'ok');
        if (reply.hangUp) request.socket.destroy();
        else if (reply.after !== undefined) void reply.after.then(answer);
        else if (!reply.silent) answer();
      });
    });
    return receiver;
  }

  /** What to answer to the next requests, in order. */
  answer(...replies: ScriptedReply[]): void {
    this.#script.push(...replies);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
