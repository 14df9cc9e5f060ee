import { send, ServerProcess } from '#testing';

const KEY = 'a-key-that-the-operator-chose';

/** A server process on a database of its own in a new folder, with the key of its operator. */
export class OwnServer {
  private constructor(private readonly process: ServerProcess) {}

  static async start(): Promise<OwnServer> {
    const settings = { CALLBOX_BOOTSTRAP_KEY: KEY, CALLBOX_API_RATE_PER_MINUTE: '0' };
    return new OwnServer(await ServerProcess.start(settings));
  }

  get url(): string {
    return this.process.url;
  }

  get dataDir(): string {
    return this.process.dataDir;
  }

  /** Calls the management API as the operator. */
  async api<Body>(method: string, path: string, body?: object): Promise<Body> {
    const answer = await send<Body>(this.url + path, {
      method,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answer.body;
  }

  /** All events that are stored, page by page. */
  async events<Event>(): Promise<Event[]> {
    const events: Event[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: { data: Event[]; next_cursor: string | null } = await this.api(
        'GET',
        `/v1/events?limit=250${more}`,
      );
      events.push(...page.data);
      cursor = page.next_cursor;
    }
    return events;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
