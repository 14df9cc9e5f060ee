import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const ID_BYTES = 36;
const RECEIPT_BYTES = 4 + 1 + ID_BYTES;
const PER_PAGE = 25_000;

/** What was answered to one request with a 2xx: compared with the database afterwards. */
export interface Receipt {
  /** The number in the event id that was sent. */
  readonly counter: number;
  readonly isDuplicate: boolean;
  /** As answered. */
  readonly id: string;
}

/** Keeps receipts in memory while requests are being sent, 41 bytes each. */
export class ReceiptLog {
  readonly #pages: Buffer[] = [];
  #used = PER_PAGE * RECEIPT_BYTES;

  add({ counter, isDuplicate, id }: Receipt): void {
    let page = this.#pages.at(-1);
    if (page === undefined || this.#used === page.length) {
      page = Buffer.alloc(PER_PAGE * RECEIPT_BYTES);
      this.#pages.push(page);
      this.#used = 0;
    }
    page.writeUInt32LE(counter, this.#used);
    page[this.#used + 4] = isDuplicate ? 1 : 0;
    page.write(id, this.#used + 5, ID_BYTES, 'latin1');
    this.#used += RECEIPT_BYTES;
  }

  save(file: string): void {
    const handle = openSync(file, 'w');
    for (const page of this.#pages)
      writeSync(handle, page, 0, page === this.#pages.at(-1) ? this.#used : page.length);
    closeSync(handle);
  }
}

/** Reads what {@link ReceiptLog.save} wrote. */
export function* readReceipts(file: string): Generator<Receipt> {
  const bytes = readFileSync(file);
  for (let at = 0; at < bytes.length; at += RECEIPT_BYTES) {
    const end = bytes.indexOf(0, at + 5);
    const idEnd = end < 0 ? at + RECEIPT_BYTES : Math.min(end, at + RECEIPT_BYTES);
    yield {
      counter: bytes.readUInt32LE(at),
      isDuplicate: bytes[at + 4] === 1,
      id: bytes.toString('latin1', at + 5, idEnd),
    };
  }
}
