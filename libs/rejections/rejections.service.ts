import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database, idAtTime, type Page, type PageRequest, pageOf } from '#database';
import { problem } from '#errors';
import { TenantKeys } from '#tenants';
import { openExcerpt, type SealedRequest, unsealed } from './kept-rejection.js';
import { KEPT_FOR_DAYS } from './prune-rejections.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** What is read of a rejection to show it; its bytes are sealed. */
export interface RejectionRow {
  readonly id: string;
  readonly source_id: string;
  readonly received_at: Date;
  readonly reason: string;
  readonly diagnosis_code: string;
  readonly diagnosis_cause: string;
  readonly diagnosis_fix: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly remote_ip: string | null;
  readonly size: number | null;
  readonly excerpt: Buffer | null;
  readonly reverifiable: boolean;
}

/** A rejection as the API shows it, but for the slug of its source. */
export interface ShownRejection extends Omit<RejectionRow, 'headers' | 'excerpt'> {
  readonly diagnosis: { readonly code: string; readonly cause: string; readonly fix: string };
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body_excerpt: string | null;
  readonly body_excerpt_base64: string | null;
}

/** Which rejections a list shows; what is absent does not matter. */
export interface RejectionFilter {
  readonly sourceIds?: readonly string[] | undefined;
  readonly reason?: string | undefined;
}

/** A rejection with everything that was kept of its request. */
export interface OpenedRejection extends SealedRequest {
  readonly id: string;
  readonly sourceId: string;
  readonly reason: string;
  readonly method: string;
  /** `null` where it was not kept, or not to its end. */
  readonly body: Buffer | null;
}

/** How many callbacks of a source were refused on a day. */
export interface RejectionCount {
  readonly source_id: string;
  readonly day: string;
  readonly received: number;
  readonly kept: number;
}

/** Of a {@link RejectionRow}. */
const columns = `id, source_id, received_at, reason, diagnosis_code, diagnosis_cause, diagnosis_fix, method, path, query,
  headers, remote_ip, size, excerpt, body is not null as reverifiable`;

/** Lists and opens rejections. */
@Injectable()
export class Rejections {
  constructor(
    private readonly database: Database,
    private readonly tenantKeys: TenantKeys,
  ) {}

  async list(tenantId: string, filter: RejectionFilter, page: PageRequest): Promise<Page<ShownRejection>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<RejectionRow[]>(
        `select ${columns} from rejections
         where tenant_id = $1 and id >= $2 and ($3::uuid[] is null or source_id = any ($3))
           and ($4::text is null or reason = $4) and ($5::uuid is null or id < $5)
         order by id desc limit $6`,
        [
          tenantId,
          oldestKept(),
          filter.sourceIds ?? null,
          filter.reason ?? null,
          page.before,
          page.limit + 1,
        ],
      ),
    );
    const { data, next_cursor } = pageOf(rows, page.limit);
    return { data: await this.show(tenantId, data), next_cursor };
  }

  async get(tenantId: string, id: string): Promise<ShownRejection> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<RejectionRow[]>(
        `select ${columns} from rejections where tenant_id = $1 and id = $2 and id >= $3`,
        [tenantId, id, oldestKept()],
      ),
    );
    const [shown] = await this.show(tenantId, rows);
    if (shown === undefined) throw problem('not_found');
    return shown;
  }

  /** Opens what was kept of the request, credentials included: for verifying it, never for showing it. */
  async open(tenantId: string, id: string): Promise<OpenedRejection> {
    const [row] = await this.database.tenant(tenantId, (manager) =>
      manager.query<
        { source_id: string; reason: string; method: string; sealed: Buffer; body: Buffer | null }[]
      >(
        `select source_id, reason, method, sealed, body from rejections
         where tenant_id = $1 and id = $2 and id >= $3`,
        [tenantId, id, oldestKept()],
      ),
    );
    if (row === undefined) throw problem('not_found');
    const { source_id: sourceId, reason, method, sealed, body } = row;
    const known = { id, sourceId, reason, method };
    if (body === null) return { ...known, target: '', headers: [], body };
    return { ...known, ...unsealed({ id, sealed, body }, await this.tenantKeys.open(tenantId)) };
  }

  /** Removes a rejection within a transaction; whether it was there. Who comes second waits, and finds nothing. */
  async removeWithin(manager: EntityManager, tenantId: string, id: string): Promise<boolean> {
    const [, removed] = await manager.query<[unknown, number]>(
      'delete from rejections where tenant_id = $1 and id = $2',
      [tenantId, id],
    );
    return removed === 1;
  }

  /** How many callbacks were refused by source and day, the newest day first: those too that were not kept. */
  async counts(tenantId: string, sourceIds: readonly string[] | undefined): Promise<RejectionCount[]> {
    return this.database.tenant(tenantId, (manager) =>
      manager.query<RejectionCount[]>(
        `select source_id, to_char(day, 'YYYY-MM-DD') as day, received::double precision, kept::double precision
         from rejection_counts
         where tenant_id = $1 and day > now()::date - $2::integer and ($3::uuid[] is null or source_id = any ($3))
         order by day desc, received desc, source_id limit 1000`,
        [tenantId, KEPT_FOR_DAYS, sourceIds ?? null],
      ),
    );
  }

  /** Opens what may be shown of rejections, in their order. */
  async show(tenantId: string, rows: readonly RejectionRow[]): Promise<ShownRejection[]> {
    if (rows.length === 0) return [];
    const dataKey = await this.tenantKeys.open(tenantId);
    return rows.map(({ headers, excerpt, ...row }) => ({
      ...row,
      diagnosis: { code: row.diagnosis_code, cause: row.diagnosis_cause, fix: row.diagnosis_fix },
      headers: headers.map(([name, value]) => [name, value ?? '[redacted]'] as const),
      ...(excerpt === null
        ? { body_excerpt: null, body_excerpt_base64: null }
        : openExcerpt({ ...row, excerpt }, dataKey)),
    }));
  }
}

/** Older ones are gone for whoever asks, also before they have been deleted. */
function oldestKept(): string {
  return idAtTime(Date.now() - KEPT_FOR_DAYS * DAY_MS);
}
