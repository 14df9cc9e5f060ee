import { OID } from './wire.js';

const MICROSECONDS = 1_000n;
/** PostgreSQL counts time from 2000-01-01. */
const EPOCH_MS = 946_684_800_000;
const ABSENT = -1;
const HEADER_BYTES = 20;
const FIRST_CAPACITY_BYTES = 1_024;
const MOST_UTF8_BYTES_PER_UNIT = 3;
/** What a jsonb begins with on the wire: the version of its format. */
const JSONB_VERSION = 1;
const DASH = 0x2d;

/**
 * Writes rows as one parameter: an array of a composite type in PostgreSQL's binary format (array_recv, record_recv).
 * The server reads it several times faster than the same rows as JSON. Columns are written in the order of the type.
 *
 * @example new CompositeArray(oid, 1).row(2).uuid(id).text('x').finish()
 */
export class CompositeArray {
  #buffer: Buffer;
  #at = HEADER_BYTES;
  #rowAt = 0;

  /** `typeOid` is that of the composite type in this database. `memory` is written into while it is large enough. */
  constructor(typeOid: number, rowCount: number, memory: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY_BYTES)) {
    this.#buffer = memory;
    const [dimensions, hasNulls, lowerBound] = [1, 0, 1];
    [dimensions, hasNulls, typeOid, rowCount, lowerBound].forEach((value, index) =>
      this.#buffer.writeInt32BE(value, index * 4),
    );
  }

  /** What it is written into: the memory it was given, or more. */
  get memory(): Buffer {
    return this.#buffer;
  }

  /** Begins a row. */
  row(columnCount: number): this {
    this.endRow();
    this.reserve(8);
    this.#rowAt = this.#at;
    this.#at += 4;
    this.int32(columnCount);
    return this;
  }

  uuid(text: string | null): this {
    if (!this.begin(OID.uuid, text === null, 16) || text === null) return this;
    this.int32(16);
    let high = ABSENT;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code === DASH) continue;
      // Digits are 0x30 to 0x39; letters of either case have their value in the lowest four bits, less nine.
      const nibble = (code & 15) + (code > 0x39 ? 9 : 0);
      if (high === ABSENT) high = nibble;
      else {
        this.#buffer[this.#at] = (high << 4) | nibble;
        this.#at += 1;
        high = ABSENT;
      }
    }
    return this;
  }

  text(text: string | null): this {
    if (!this.begin(OID.text, text === null, (text?.length ?? 0) * MOST_UTF8_BYTES_PER_UNIT) || text === null)
      return this;
    const written = this.#buffer.write(text, this.#at + 4);
    this.int32(written);
    this.#at += written;
    return this;
  }

  /** A value as JSON. */
  jsonb(value: unknown): this {
    const text = JSON.stringify(value);
    this.begin(OID.jsonb, false, text.length * MOST_UTF8_BYTES_PER_UNIT + 1);
    const written = this.#buffer.write(text, this.#at + 5);
    this.int32(written + 1);
    this.#buffer[this.#at] = JSONB_VERSION;
    this.#at += written + 1;
    return this;
  }

  bytes(bytes: Buffer | null): this {
    if (!this.begin(OID.bytea, bytes === null, bytes?.length ?? 0) || bytes === null) return this;
    this.int32(bytes.length);
    this.#at += bytes.copy(this.#buffer, this.#at);
    return this;
  }

  integer(value: number | null): this {
    if (!this.begin(OID.int4, value === null, 4) || value === null) return this;
    this.int32(4);
    this.int32(value);
    return this;
  }

  /** A time in milliseconds since 1970. */
  time(timeMs: number | null): this {
    if (!this.begin(OID.timestamptz, timeMs === null, 8) || timeMs === null) return this;
    if (!Number.isSafeInteger(Math.round(timeMs))) throw outOfRange();
    this.int32(8);
    this.#buffer.writeBigInt64BE(BigInt(Math.round(timeMs) - EPOCH_MS) * MICROSECONDS, this.#at);
    this.#at += 8;
    return this;
  }

  /** The whole parameter; nothing may be written after it. */
  finish(): Buffer {
    this.endRow();
    return this.#buffer.subarray(0, this.#at);
  }

  /** Writes a column's type, and its absence; `false` when there is nothing more to write of it. */
  private begin(oid: number, isAbsent: boolean, mostBytes: number): boolean {
    this.reserve(mostBytes + 8);
    this.int32(oid);
    if (isAbsent) this.int32(ABSENT);
    return !isAbsent;
  }

  private int32(value: number): void {
    this.#buffer.writeInt32BE(value, this.#at);
    this.#at += 4;
  }

  private endRow(): void {
    if (this.#rowAt > 0) this.#buffer.writeInt32BE(this.#at - this.#rowAt - 4, this.#rowAt);
  }

  private reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** With the code that PostgreSQL itself has for it, datetime_field_overflow: the row is refused, not the batch. */
function outOfRange(): Error {
  return Object.assign(new RangeError('A time is out of range'), { code: '22008' });
}
