import { createHmac } from 'node:crypto';

/** What came before the first row. */
export const GENESIS = Buffer.alloc(32);
/** Stands for the row before where nobody can say which that was; no row has this hash. */
export const UNKNOWN = Buffer.alloc(32, 0xff);

/** A row of the audit log as it is hashed. `sequence` is a bigint, hence a string. */
export interface ChainedRow {
  readonly tenant_id: string;
  readonly sequence: string;
  readonly id: string;
  readonly occurred_at: Date;
  readonly action: string;
  readonly actor_type: string;
  readonly actor_id: string | null;
  readonly actor_name: string | null;
  readonly target_type: string;
  readonly target_id: string | null;
  readonly target_name: string | null;
  readonly remote_ip: string | null;
  readonly request_id: string | null;
  /** JSON, to the byte as it is stored. */
  readonly details: string;
  readonly previous_hash: Buffer;
}

/** A row with its hash. */
export type SealedRow = ChainedRow & { readonly hash: Buffer };

/** The newest row of a chain, as it is noted apart from the rows. */
export interface ChainHead {
  readonly sequence: string;
  readonly hash: Buffer;
  readonly seal: Buffer;
}

/** One thing that is wrong with a chain. */
export interface ChainFault {
  /**
   * `changed`: the row is not what was written. `missing`: rows with these numbers were written and are not there.
   * `misplaced`: a genuine row that does not follow the one before it. `head_changed`: the note of the newest row is not what was written.
   */
  readonly kind: 'changed' | 'missing' | 'misplaced' | 'head_changed';
  /** Number of the row, or of the first of those that are missing. */
  readonly sequence: number;
  readonly last_sequence: number;
  /** `null` where the row is gone. */
  readonly id: string | null;
}

/** Hashes and checks the rows of one tenant's audit log under a key that the database does not hold. */
export class AuditChain {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  hash(row: ChainedRow): Buffer {
    return this.mac('row', [
      row.tenant_id,
      row.sequence,
      row.id,
      row.occurred_at.toISOString(),
      row.action,
      row.actor_type,
      row.actor_id,
      row.actor_name,
      row.target_type,
      row.target_id,
      row.target_name,
      row.remote_ip,
      row.request_id,
      row.details,
      row.previous_hash,
    ]);
  }

  /** Proves that a head was noted by Callbox. */
  seal(tenantId: string, sequence: string, hash: Buffer): Buffer {
    return this.mac('head', [tenantId, sequence, hash]);
  }

  isSealed(tenantId: string, { sequence, hash, seal }: ChainHead): boolean {
    return this.seal(tenantId, sequence, hash).equals(seal);
  }

  /** Checks rows that come in the order of their numbers, one batch after another; see {@link ChainCheck.end}. */
  check(tenantId: string): ChainCheck {
    return new ChainCheck(this, tenantId);
  }

  /** Every part with its length before it, `null` apart from empty, so that no two rows read alike. */
  private mac(purpose: string, parts: readonly (string | Buffer | null)[]): Buffer {
    const hmac = createHmac('sha256', this.#key).update(`${purpose}\0`);
    for (const part of parts) {
      const bytes = part === null ? null : Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes?.length ?? 0xffffffff);
      hmac.update(length);
      if (bytes !== null) hmac.update(bytes);
    }
    return hmac.digest();
  }
}

/** The check of one chain under way. */
export class ChainCheck {
  readonly faults: ChainFault[] = [];
  count = 0;
  /** Number of the last row so far. */
  last = 0;
  #lastHash: Buffer = GENESIS;

  constructor(
    private readonly chain: AuditChain,
    private readonly tenantId: string,
  ) {}

  add(row: SealedRow): void {
    const sequence = Number(row.sequence);
    this.count += 1;
    const gap = sequence !== this.last + 1;
    if (gap) this.note('missing', this.last + 1, sequence - 1, null);
    if (!this.chain.hash(row).equals(row.hash)) this.note('changed', sequence, sequence, row.id);
    else if (!gap && !row.previous_hash.equals(this.#lastHash) && !this.isFaulty(this.last))
      this.note('misplaced', sequence, sequence, row.id);
    this.last = sequence;
    this.#lastHash = row.hash;
  }

  /** Compares the last row with the head. */
  end(head: ChainHead | null): void {
    if (head === null) {
      if (this.last > 0) this.note('head_changed', this.last, this.last, null);
      // The first row is written with the tenant: one without any has lost them.
      else this.note('missing', 1, 1, null);
      return;
    }
    const sequence = Number(head.sequence);
    if (!this.chain.isSealed(this.tenantId, head)) this.note('head_changed', sequence, sequence, null);
    else if (sequence > this.last) this.note('missing', this.last + 1, sequence, null);
    else if (sequence < this.last || (!head.hash.equals(this.#lastHash) && !this.isFaulty(this.last)))
      this.note('head_changed', sequence, sequence, null);
  }

  private isFaulty(sequence: number): boolean {
    return this.faults.some((fault) => fault.sequence <= sequence && sequence <= fault.last_sequence);
  }

  private note(kind: ChainFault['kind'], sequence: number, last: number, id: string | null): void {
    this.faults.push({ kind, sequence, last_sequence: last, id });
  }
}
