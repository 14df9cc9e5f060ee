import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AuditAction } from '#contract';
import { Database, newId, type Page, type PageRequest, pageOf } from '#database';
import { Keyring } from '#keyring';
import { acting } from './acting.js';
import {
  AuditChain,
  type ChainedRow,
  type ChainFault,
  type ChainHead,
  GENESIS,
  type SealedRow,
  UNKNOWN,
} from './audit-chain.js';

const ROWS_AT_ONCE = 1_000;

/** Something that was done; who did it, when and from where is known without being told. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly target: { readonly type: string; readonly id: string | null; readonly name: string | null };
  /** Names of what changed and values that may be read by anybody of the tenant; never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Which rows a list shows; what is absent does not matter. */
export interface AuditFilter {
  readonly action?: string | undefined;
  readonly actorId?: string | undefined;
  readonly targetId?: string | undefined;
  readonly occurredAfter?: Date | undefined;
  readonly occurredBefore?: Date | undefined;
}

/** A row that somebody has noted elsewhere: its number and hash. */
export interface Anchor {
  readonly sequence: number;
  readonly hash: Buffer;
}

/** Whether a tenant's audit log is what was written. */
export interface AuditVerification {
  readonly valid: boolean;
  /** How many rows there are. */
  readonly checked: number;
  /** The newest row, to be noted elsewhere: later it proves that nothing up to it was rewritten. */
  readonly head: { readonly sequence: number; readonly hash: Buffer } | null;
  readonly faults: readonly (Omit<ChainFault, 'kind'> & {
    readonly kind: ChainFault['kind'] | 'anchor_not_met';
  })[];
}

/**
 * Who did what. A row is written in the transaction of what it records, so that neither is there without the other:
 * no row, no secret shown. Rows are chained per tenant by a hash under a key that the database does not hold.
 */
@Injectable()
export class AuditLog {
  readonly #chain: AuditChain;

  constructor(
    private readonly database: Database,
    keyring: Keyring,
  ) {
    this.#chain = new AuditChain(keyring.deriveKey('audit-chain'));
  }

  /** Appends a row within the transaction of what it records. Appends of one tenant take turns until they commit. */
  async record(manager: EntityManager, tenantId: string, entry: AuditEntry): Promise<void> {
    const last = await this.lockChain(manager, tenantId, entry.action === 'tenant.created');
    const { actor, remoteIp, requestId } = acting();
    const row: ChainedRow = {
      tenant_id: tenantId,
      sequence: String(last.sequence + 1),
      id: newId(),
      occurred_at: new Date(),
      action: entry.action,
      actor_type: actor.type,
      actor_id: actor.id,
      actor_name: actor.name,
      target_type: entry.target.type,
      target_id: entry.target.id,
      target_name: entry.target.name,
      remote_ip: remoteIp,
      request_id: requestId,
      details: JSON.stringify(entry.details ?? {}),
      previous_hash: last.hash,
    };
    const hash = this.#chain.hash(row);
    const seal = this.#chain.seal(tenantId, row.sequence, hash);
    await manager.query(insertRow, [...columns.map((column) => row[column]), hash, seal]);
  }

  async list(tenantId: string, filter: AuditFilter, page: PageRequest): Promise<Page<SealedRow>> {
    const { actorId, targetId, occurredAfter, occurredBefore } = filter;
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<SealedRow[]>(
        `${selectRows} where tenant_id = $1
           and ($2::uuid is null or id < $2) and ($3::text is null or action = $3)
           and ($4::uuid is null or actor_id = $4) and ($5::uuid is null or target_id = $5)
           and ($6::timestamptz is null or occurred_at > $6) and ($7::timestamptz is null or occurred_at < $7)
         order by id desc limit $8`,
        [
          tenantId,
          page.before,
          filter.action,
          actorId,
          targetId,
          occurredAfter,
          occurredBefore,
          page.limit + 1,
        ],
      ),
    );
    return pageOf(rows, page.limit);
  }

  /** Reads the whole chain and says what is wrong with it. `anchor`: a row noted earlier that must still be there. */
  verify(tenantId: string, anchor: Anchor | null): Promise<AuditVerification> {
    return this.database.tenant(tenantId, async (manager) => {
      const check = this.#chain.check(tenantId);
      let isAnchored = anchor === null;
      let head: ChainHead | null;
      do {
        for await (const row of rowsOf(manager, tenantId, check.last)) {
          check.add(row);
          if (anchor !== null && Number(row.sequence) === anchor.sequence && row.hash.equals(anchor.hash))
            isAnchored = true;
        }
        head = await this.headOf(manager, tenantId);
        // Rows that were appended meanwhile are no faults: there is more to read.
      } while (head !== null && (await hasRowsAfter(manager, tenantId, check.last)));
      check.end(head);
      const faults: AuditVerification['faults'] =
        isAnchored || anchor === null ? check.faults : [...check.faults, unmet(anchor)];
      return {
        valid: faults.length === 0,
        checked: check.count,
        head: head && { sequence: Number(head.sequence), hash: head.hash },
        faults,
      };
    });
  }

  private async headOf(manager: EntityManager, tenantId: string): Promise<ChainHead | null> {
    const [head] = await manager.query<ChainHead[]>(
      'select sequence, hash, seal from audit_heads where tenant_id = $1',
      [tenantId],
    );
    return head ?? null;
  }

  /**
   * What the next row follows. A head that Callbox has not sealed is no such thing: then the row is numbered after all that
   * is there, and says that nobody knows what was before it. So nobody can have a chain that he has cut sealed anew.
   */
  private async lockChain(
    manager: EntityManager,
    tenantId: string,
    begins: boolean,
  ): Promise<{ readonly sequence: number; readonly hash: Buffer }> {
    const made = await manager.query<unknown[]>(
      `insert into audit_heads (tenant_id, sequence, hash, seal) values ($1, 0, $2, '')
       on conflict do nothing returning 1`,
      [tenantId, GENESIS],
    );
    const [head] = await manager.query<(ChainHead & { readonly last: string })[]>(
      `select sequence, hash, seal,
         (select coalesce(max(sequence), 0) from audit_log where tenant_id = $1) as last
       from audit_heads where tenant_id = $1 for update`,
      [tenantId],
    );
    if (head === undefined) throw new Error('The audit log of this tenant is gone');
    const last = Number(head.last);
    if (made.length > 0 && begins && last === 0) return { sequence: 0, hash: GENESIS };
    return this.#chain.isSealed(tenantId, head)
      ? { sequence: Math.max(Number(head.sequence), last), hash: head.hash }
      : { sequence: Math.max(last, 1), hash: UNKNOWN };
  }
}

function unmet({ sequence }: Anchor): AuditVerification['faults'][number] {
  return { kind: 'anchor_not_met', sequence, last_sequence: sequence, id: null };
}

/** The columns of a row that are hashed, in the order of the table. */
const columns = [
  'tenant_id',
  'sequence',
  'id',
  'occurred_at',
  'action',
  'actor_type',
  'actor_id',
  'actor_name',
  'target_type',
  'target_id',
  'target_name',
  'remote_ip',
  'request_id',
  'details',
  'previous_hash',
] as const satisfies readonly (keyof ChainedRow)[];

const selectRows = `select ${columns.join(', ').replace('details', 'details::text')}, hash from audit_log`;

const insertRow = `
  with row as (
    insert into audit_log (${columns.join(', ')}, hash)
    values (${[...columns, 'hash'].map((_, index) => `$${index + 1}`).join(', ')})
    returning tenant_id, sequence, hash
  )
  update audit_heads h set sequence = row.sequence, hash = row.hash, seal = $${columns.length + 2}
  from row where h.tenant_id = row.tenant_id`;

async function hasRowsAfter(manager: EntityManager, tenantId: string, sequence: number): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    'select from audit_log where tenant_id = $1 and sequence > $2 limit 1',
    [tenantId, sequence],
  );
  return rows.length > 0;
}

async function* rowsOf(
  manager: EntityManager,
  tenantId: string,
  afterSequence: number,
): AsyncGenerator<SealedRow> {
  let after = String(afterSequence);
  for (;;) {
    const rows = await manager.query<SealedRow[]>(
      `${selectRows} where tenant_id = $1 and sequence > $2 order by sequence limit ${ROWS_AT_ONCE}`,
      [tenantId, after],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}
