import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

type State = 'through' | 'cut' | 'frozen' | 'answers lost';

/** Stands between a process and its database, and breaks as networks do. */
export class TcpProxy {
  #state: State = 'through';
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** The target's URL, by way of this proxy. */
    readonly url: string,
  ) {}

  static async start(targetUrl: string): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(targetUrl);
    const target = { host: url.hostname, port: Number(url.port) };
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const proxy = new TcpProxy(server, url.href);
    server.on('connection', (client) => proxy.join(client, connect(target)));
    return proxy;
  }

  /** Connections end, new ones too. */
  cut(): void {
    this.#state = 'cut';
    this.hangUp();
  }

  /** Connections stand, but nothing gets through any more. */
  freeze(): void {
    this.#state = 'frozen';
  }

  /** What is asked arrives, what is answered does not. */
  loseAnswers(): void {
    this.#state = 'answers lost';
  }

  /** New connections work; those that lived through the fault are gone. */
  heal(): void {
    if (this.#state !== 'cut') this.hangUp();
    this.#state = 'through';
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, database: Socket): void {
    for (const socket of [client, database]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        database.destroy();
      });
    }
    if (this.#state === 'cut') client.destroy();
    client.on('data', (chunk) => {
      if (this.#state !== 'frozen') database.write(chunk);
    });
    database.on('data', (chunk) => {
      if (this.#state === 'through') client.write(chunk);
    });
  }

  private hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
