/** What the generator needs to know of an answer. */
export interface Answer {
  readonly status: number;
  /** Of the receiving buffer: good until the next read. */
  readonly body: Buffer;
  /** Whether the server ends the connection after it. */
  readonly closes: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS_AT = 'HTTP/1.1 '.length;
const WITHOUT_BODY = new Set([204, 304]);

/** Reads the answers of one connection on which at most one request is under way. */
export class ResponseReader {
  /** What has come of an answer that is not whole yet. */
  #held: Buffer | null = null;

  /** The answer, or `null` while it is not whole. Throws on what is no answer of a known length. */
  read(chunk: Buffer): Answer | null {
    const bytes = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return this.hold(bytes);
    const head = bytes.toString('latin1', 0, headEnd);
    const status = Number(head.slice(STATUS_AT, STATUS_AT + 3));
    if (!head.startsWith('HTTP/1.') || !(status >= 200)) throw new Error(`no answer of HTTP/1: ${head}`);
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = bodyStart + lengthOf(head, status);
    if (bytes.length < bodyEnd) return this.hold(bytes);
    if (bytes.length > bodyEnd) throw new Error('more than one answer to one request');
    this.#held = null;
    // Only refusals close; looking for the header in each of the others would cost more than the rest of this.
    const closes = status !== 200 && /\r\nconnection: *close/i.test(head);
    return { status, body: bytes.subarray(bodyStart, bodyEnd), closes };
  }

  private hold(bytes: Buffer): null {
    // A copy: the receiving buffer is used again for the next read.
    this.#held = bytes === this.#held ? bytes : Buffer.from(bytes);
    return null;
  }
}

function lengthOf(head: string, status: number): number {
  const [, digits] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  if (digits !== undefined) return Number(digits);
  if (WITHOUT_BODY.has(status)) return 0;
  throw new Error('an answer without content-length');
}

/** What an inbox says of a callback: its id and whether it knew it; `null` where the body names no id. */
export function receiptIn(body: Buffer): { readonly id: string; readonly isDuplicate: boolean } | null {
  const text = body.toString('latin1');
  const start = text.indexOf('"id":"') + '"id":"'.length;
  const end = text.indexOf('"', start);
  if (start < '"id":"'.length || end < 0) return null;
  return { id: text.slice(start, end), isDuplicate: text.includes('"duplicate"', end) };
}
