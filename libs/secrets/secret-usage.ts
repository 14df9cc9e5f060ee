import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Changes, Database } from '#database';
import { LOGGER, type Logger } from '#logging';

const FLUSH_EVERY_MS = 1_000;

interface Tally {
  readonly tenantId: string;
  readonly secretId: string;
  count: number;
  lastVerifiedAtMs: number;
}

/**
 * Counts in memory which secrets verify callbacks and writes the sums once a second, so that the hot path costs no
 * write. A crash loses at most that second of counting, never an event.
 */
@Injectable()
export class SecretUsage implements OnApplicationShutdown {
  #tallies = new Map<string, Tally>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /** Notes that a secret verified a callback just now. `first`: it had verified none before, so it is written at once. */
  record(tenantId: string, secretId: string, atMs: number, first: boolean): void {
    const tally = this.#tallies.get(secretId);
    if (tally === undefined) {
      this.#tallies.set(secretId, { tenantId, secretId, count: 1, lastVerifiedAtMs: atMs });
    } else {
      tally.count += 1;
      tally.lastVerifiedAtMs = Math.max(tally.lastVerifiedAtMs, atMs);
    }
    if (first) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  /** Writes what has been counted; resolves when it is written. Never fails: what could not be written is kept. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.write());
    return this.#flushing;
  }

  private async write(): Promise<void> {
    const tallies = [...this.#tallies.values()].sort((a, b) => (a.secretId < b.secretId ? -1 : 1));
    this.#tallies = new Map();
    if (tallies.length === 0) return;
    try {
      await this.store(tallies);
    } catch (error) {
      this.logger.warn({ error }, 'secret.usage_not_written');
      for (const { tenantId, secretId, count, lastVerifiedAtMs } of tallies) {
        this.record(tenantId, secretId, lastVerifiedAtMs, false);
        const tally = this.#tallies.get(secretId);
        if (tally !== undefined) tally.count += count - 1;
      }
    }
  }

  private async store(tallies: readonly Tally[]): Promise<void> {
    await this.database.acrossTenants(async (manager) => {
      const firstUses = await manager.query<{ tenant_id: string; id: string; source_id: string }[]>(
        recordUsage,
        [
          tallies.map((tally) => tally.tenantId),
          tallies.map((tally) => tally.secretId),
          tallies.map((tally) => tally.count),
          tallies.map((tally) => new Date(tally.lastVerifiedAtMs)),
        ],
      );
      for (const { tenant_id, id, source_id } of firstUses) {
        await manager.query(promoteIfNewer.clear, [tenant_id, source_id, id]);
        await manager.query(promoteIfNewer.set, [tenant_id, source_id, id]);
        await this.changes.announce(manager, { kind: 'source', key: `${tenant_id}/${source_id}` });
      }
    });
  }
}

/** Adds the tallies; returns the secrets that had verified nothing before. Rows are locked in the order of their ids. */
const recordUsage = `
  with tally as (
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[]) as t (tenant_id, id, count, last_verified_at)
  ), locked as (
    select s.tenant_id, s.id, s.source_id, s.last_verified_at is null as first_use
    from callback_secrets s join tally t on t.tenant_id = s.tenant_id and t.id = s.id
    where s.deleted_at is null
    order by s.id
    for update of s
  ), counted as (
    update callback_secrets s
    set verified_count = s.verified_count + t.count,
        last_verified_at = greatest(s.last_verified_at, t.last_verified_at)
    from tally t join locked l on l.tenant_id = t.tenant_id and l.id = t.id
    where s.tenant_id = t.tenant_id and s.id = t.id
  )
  select tenant_id, id, source_id from locked where first_use order by id`;

/** The provider has switched to a newer secret, so the app must know it: it becomes the current one. */
const promoteIfNewer = {
  clear: `
    update callback_secrets set is_current = false
    where tenant_id = $1 and source_id = $2 and is_current and id < $3`,
  set: `
    update callback_secrets s set is_current = true
    where s.tenant_id = $1 and s.source_id = $2 and s.id = $3 and s.deleted_at is null
      and not exists (
        select from callback_secrets c where c.tenant_id = $1 and c.source_id = $2 and c.is_current
      )`,
} as const;
