import { AddressPolicy, type HeaderList, OutboundClient } from '#outbound';
import { Gate } from './gate.js';
import { type KeyServiceFailure, KeyServiceUnavailable } from './key-service-unavailable.js';

/** For all of a request: waiting for its turn, connecting, the whole answer. */
const TIMEOUT_MS = 5_000;
const LONGEST_WAIT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 2_000;

/** An answer of a key service whose body is a JSON object. */
export interface KeyServiceAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a service is sent; it is always a POST of JSON. */
export interface KeyServiceRequest {
  readonly url: string;
  readonly headers: HeaderList;
  readonly body: Buffer;
}

/** Told when a service fails, and with `null` when it works again. */
export type KeyServiceListener = (service: string, failure: KeyServiceFailure | null) => void;

/** Sends requests to a key service whose address the operator has set. */
export class KeyService {
  // The operator's own address: any but those that no setting opens, private ones included.
  readonly #client = new OutboundClient({
    policy: new AddressPolicy(['0.0.0.0/0', '::/0']),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  readonly #gate = new Gate();
  #failure: KeyServiceFailure | null = null;

  constructor(
    readonly name: string,
    private readonly tell: KeyServiceListener = () => undefined,
  ) {}

  /**
   * Sends one request and gives back what `read` makes of the answer. Throws {@link KeyServiceUnavailable} when there
   * is none in time or `read` says what is wrong with it.
   */
  async ask(
    request: KeyServiceRequest,
    read: (answer: KeyServiceAnswer) => Buffer | KeyServiceFailure,
  ): Promise<Buffer> {
    const waitedMs = await this.#gate.enter(LONGEST_WAIT_MS);
    if (waitedMs === null) throw new KeyServiceUnavailable(this.name, 'busy');
    let failure: KeyServiceFailure | null = null;
    try {
      const answer = await this.send(request, TIMEOUT_MS - waitedMs);
      const outcome = typeof answer === 'string' ? answer : read(answer);
      if (typeof outcome !== 'string') return outcome;
      failure = outcome;
      throw new KeyServiceUnavailable(this.name, failure);
    } finally {
      this.#gate.leave(failure !== null);
      this.note(failure);
    }
  }

  close(): void {
    this.#client.close();
  }

  private async send(
    request: KeyServiceRequest,
    timeoutMs: number,
  ): Promise<KeyServiceAnswer | KeyServiceFailure> {
    const result = await this.#client.send({ ...request, method: 'POST', timeoutMs });
    if (!result.ok) return result.error;
    return { status: result.statusCode, body: parseObject(result.body) };
  }

  private note(failure: KeyServiceFailure | null): void {
    if (failure !== this.#failure) this.tell(this.name, failure);
    this.#failure = failure;
  }
}

/** An empty object stands for everything that is none: what is looked for in it is not there. */
function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The bytes of a base64 text in its one canonical spelling; `null` for anything else. */
export function fromBase64(text: unknown): Buffer | null {
  if (typeof text !== 'string' || text === '') return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
