import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { eventually, hexHmac, send } from '#testing';

/** Its own, so that a test's streams do not share sockets with anything else. */
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

/** One message of a stream. */
export interface SseMessage {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly id: string } & Readonly<Record<string, unknown>>;
}

interface SseOptions {
  readonly query?: string;
  readonly lastEventId?: string;
  readonly method?: string;
  /** Reads nothing until it is told to. */
  readonly isPaused?: boolean;
}

/** A client of a stream that parses as the standard says (WHATWG HTML, 9.2.6). */
export class SseClient {
  readonly messages: SseMessage[] = [];
  readonly comments: string[] = [];
  /** As a browser would send it when it comes again. */
  lastEventId = '';
  retry: string | undefined;
  isEnded = false;
  #rest = '';

  private constructor(private readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.read(text));
    for (const end of ['end', 'error', 'close']) response.on(end, () => (this.isEnded = true));
  }

  /** Opens a stream; one that is refused has another status and what was read of it in `body`. */
  static open(url: string, key: string, options: SseOptions = {}): Promise<SseClient> {
    return new Promise((resolve, reject) => {
      const sent = request(`${url}/v1/events/stream${options.query ?? ''}`, {
        agent,
        method: options.method ?? 'GET',
        headers: {
          authorization: `Bearer ${key}`,
          ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
        },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const client = new SseClient(response);
        if (options.isPaused === true) response.pause();
        resolve(client);
      });
      sent.end();
    });
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.response.headers;
  }

  /** What an answer that is no stream says. */
  async problem(): Promise<Record<string, unknown>> {
    await eventually(() => expect(this.isEnded).toBe(true));
    return JSON.parse(this.#rest) as Record<string, unknown>;
  }

  /** Ids of the things it has had, in order. */
  get ids(): string[] {
    return this.messages.map(({ data }) => data.id);
  }

  /** Waits for so many things, and no more than these. */
  async things(count: number, withinMs?: number): Promise<string[]> {
    await eventually(() => expect(this.ids.length).toBeGreaterThanOrEqual(count), withinMs);
    return this.ids;
  }

  resume(): void {
    this.response.resume();
  }

  close(): void {
    this.response.destroy();
  }

  private read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.take(block.split('\n'));
  }

  private take(lines: readonly string[]): void {
    const fields = new Map(lines.map((line) => /^(\w*): ?(.*)$/.exec(line)?.slice(1) as [string, string]));
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    this.retry = fields.get('retry') ?? this.retry;
    if (fields.has('')) this.comments.push(fields.get('') ?? '');
    const data = fields.get('data');
    if (data === undefined) return;
    this.messages.push({
      id: this.lastEventId,
      event: fields.get('event') ?? 'message',
      data: JSON.parse(data) as SseMessage['data'],
    });
  }
}

interface SignedSource {
  readonly url: string;
  readonly secret: string;
}

/** Posts callbacks of a source of the provider `callbox`, some at a time; ids in the order in which they were answered. */
export async function post({ url, secret }: SignedSource, count = 1, atOnce = 8): Promise<string[]> {
  const ids: string[] = [];
  let left = count;
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const body = JSON.stringify({ number: left });
      const headers = { 'callbox-signature': hexHmac(secret, body) };
      const answer = await send<{ id: string }>(url, { method: 'POST', headers, body });
      expect(answer.status).toBe(200);
      ids.push(answer.body.id);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, sender));
  return ids;
}
