import { BatchedReader, type Database } from '#database';

const MOST_AT_A_TIME = 1_000;

/** The two names in an ingest URL. */
export interface Slugs {
  readonly tenantSlug: string;
  readonly sourceSlug: string;
}

/** The source that is at a URL. */
export interface FoundSource {
  readonly tenantId: string;
  readonly id: string;
}

/** Finds which source is at a URL, if any: however many are made up, those are a few statements, and real ones wait for one. */
export class SourceFinder {
  readonly #reader: BatchedReader<Slugs, FoundSource | null>;

  constructor(
    private readonly database: Database,
    mostWaitMs: number,
  ) {
    this.#reader = new BatchedReader({
      read: (batch) => this.findAllAcrossTenants(batch),
      most: MOST_AT_A_TIME,
      mostWaitMs,
    });
  }

  /** The source with these names, or `null`; rejects with `Overloaded` when too many are asked for. */
  findAcrossTenants(slugs: Slugs): Promise<FoundSource | null> {
    return this.#reader.find(slugs);
  }

  private async findAllAcrossTenants(batch: readonly Slugs[]): Promise<(FoundSource | null)[]> {
    const rows = await this.database.queryAcrossTenants<{ place: number; tenant_id: string; id: string }>(
      `select asked.place::integer, s.tenant_id, s.id
       from unnest($1::text[], $2::text[]) with ordinality as asked(tenant_slug, source_slug, place)
       join tenants t on t.slug = asked.tenant_slug
       join sources s on s.tenant_id = t.id and s.slug = asked.source_slug and s.deleted_at is null`,
      [batch.map(({ tenantSlug }) => tenantSlug), batch.map(({ sourceSlug }) => sourceSlug)],
    );
    const keys = new Map(rows.map(({ place, tenant_id, id }) => [place, { tenantId: tenant_id, id }]));
    return batch.map((_, index) => keys.get(index + 1) ?? null);
  }
}
