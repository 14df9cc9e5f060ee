import type { IncomingMessage } from 'node:http';
import type { Callback } from '#providers';
import type { HeaderPairs, SignedRequest } from '#signatures';

/** A request on its way through the inbox. Its JSON is parsed when a preset first asks for it, after verification. */
export class ReceivedCallback implements Callback, SignedRequest {
  #json: { readonly value: unknown } | undefined;

  constructor(
    readonly method: string,
    readonly url: string,
    readonly headers: HeaderPairs,
    readonly body: Buffer,
  ) {}

  get json(): unknown {
    this.#json ??= { value: parse(this.body) };
    return this.#json.value;
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** A request whose body has been read; `url` is the one that its sender was told. */
export function receivedCallback(request: IncomingMessage, url: string, body: Buffer): ReceivedCallback {
  return new ReceivedCallback(request.method ?? '', url, headerPairs(request.rawHeaders), body);
}

/** Node's flat list of raw headers as pairs, in the order and spelling received. */
function headerPairs(rawHeaders: readonly string[]): HeaderPairs {
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return pairs;
}
