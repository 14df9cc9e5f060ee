import { request } from 'undici';

/** An answer over HTTP, its body read. */
export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** The body as JSON; throws when it is none. */
  readonly body: Body;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** Sends one request and reads the whole answer. */
export async function send<Body = Record<string, unknown>>(
  url: string,
  sent: Sent = {},
): Promise<Answer<Body>> {
  const { statusCode, headers, body } = await request(url, {
    method: (sent.method ?? 'GET') as 'GET',
    ...(sent.headers === undefined ? {} : { headers: sent.headers }),
    ...(sent.body === undefined ? {} : { body: sent.body }),
  });
  const bytes = Buffer.from(await body.arrayBuffer());
  return {
    status: statusCode,
    headers,
    bytes,
    get body() {
      return JSON.parse(bytes.toString('utf8')) as Body;
    },
  };
}
