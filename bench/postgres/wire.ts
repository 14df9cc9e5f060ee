/** Milliseconds from the epoch of Unix to that of PostgreSQL, 2000-01-01. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const BINARY = 1;

/** Parameters in PostgreSQL's binary formats, as `Bind` takes them. */
export const binary = {
  uuid: (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex'),
  text: (value: string): Buffer => Buffer.from(value),
  integer: (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  },
  time: (atMs: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(Math.round((atMs - POSTGRES_EPOCH_MS) * 1_000)));
    return bytes;
  },
  /** The version of the format, then the text. */
  json: (value: unknown): Buffer => Buffer.concat([Buffer.from([1]), Buffer.from(JSON.stringify(value))]),
} as const;

/** A request to run a prepared statement, in one piece: Bind, Execute, Sync. */
export function bindExecuteSync(statement: string, parameters: readonly Buffer[]): Buffer {
  const name = Buffer.from(`\0${statement}\0`);
  const formats = Buffer.alloc(6);
  formats.writeInt16BE(1, 0);
  formats.writeInt16BE(BINARY, 2);
  formats.writeInt16BE(parameters.length, 4);
  const values = parameters.flatMap((value) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(value.length);
    return [length, value];
  });
  const noResultFormats = Buffer.alloc(2);
  return Buffer.concat([
    message('B', Buffer.concat([name, formats, ...values, noResultFormats])),
    message('E', Buffer.alloc(5)),
    message('S', Buffer.alloc(0)),
  ]);
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Follows the messages of one connection just far enough to see that a statement has ended, and how. */
export class StatementEnd {
  #held: Buffer = Buffer.alloc(0);

  /** Whether the server is ready for the next statement. Throws what it says when it has refused this one. */
  read(chunk: Buffer): boolean {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    let isReady = false;
    while (bytes.length - at >= 5) {
      const end = at + 1 + bytes.readInt32BE(at + 1);
      if (end > bytes.length) break;
      const type = String.fromCharCode(bytes[at] ?? 0);
      if (type === 'E') throw new Error(bytes.toString('utf8', at + 5, end).replaceAll('\0', ' '));
      if (type === 'Z') isReady = true;
      at = end;
    }
    this.#held = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
    return isReady;
  }
}
