import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Changes, Database } from '#database';
import { toUlid } from '#contract';
import { LOGGER, type Logger } from '#logging';
import { AuditLog } from '#tenants';
import { CallbackSecret } from './callback-secret.entity.js';
import { currentOf, isActive } from './current.js';
import { lockSecrets, makeCurrent } from './lock-secrets.js';

const FLUSH_EVERY_MS = 1_000;

interface Tally {
  readonly tenantId: string;
  readonly secretId: string;
  count: number;
  lastVerifiedAtMs: number;
  /** Whether it may have become current by what it verified. */
  mayTakeOver: boolean;
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
    private readonly audit: AuditLog,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /**
   * Notes that a secret verified a callback just now. `mayTakeOver`: it had verified none before, and another one is
   * current; then this is a promise that resolves when it is written, and with it whether the secret has become current.
   */
  record(tenantId: string, secretId: string, atMs: number, mayTakeOver: boolean): Promise<void> | undefined {
    const tally = this.#tallies.get(secretId);
    if (tally === undefined || mayTakeOver) {
      this.count({ tenantId, secretId, count: 1, lastVerifiedAtMs: atMs, mayTakeOver });
      return mayTakeOver ? this.flush() : undefined;
    }
    tally.count += 1;
    tally.lastVerifiedAtMs = Math.max(tally.lastVerifiedAtMs, atMs);
    return undefined;
  }

  /** Writes what has been counted; resolves when it is written. Never fails: what could not be written is kept. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // On its own, whoever asks: counts are not to be undone with somebody's request.
    this.#flushing = this.#flushing.then(() => this.database.apart(() => this.write()));
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
      for (const tally of tallies) this.count(tally);
    }
  }

  private count(more: Tally): void {
    const tally = this.#tallies.get(more.secretId);
    if (tally === undefined) this.#tallies.set(more.secretId, { ...more });
    else {
      tally.count += more.count;
      tally.mayTakeOver ||= more.mayTakeOver;
      tally.lastVerifiedAtMs = Math.max(tally.lastVerifiedAtMs, more.lastVerifiedAtMs);
    }
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  private async store(tallies: readonly Tally[]): Promise<void> {
    for (const tally of tallies) if (tally.mayTakeOver) await this.noteFirstUse(tally);
    await this.database.queryAcrossTenants(addUsage, [
      tallies.map((tally) => tally.tenantId),
      tallies.map((tally) => tally.secretId),
      tallies.map((tally) => tally.count),
      tallies.map((tally) => new Date(tally.lastVerifiedAtMs)),
    ]);
  }

  /** A newer secret that verifies for the first time becomes current for its use: the provider has switched, so the app knows it. */
  private async noteFirstUse({ tenantId, secretId, lastVerifiedAtMs }: Tally): Promise<void> {
    await this.database.tenant(tenantId, async (manager) => {
      const secret = await manager.findOneBy(CallbackSecret, { tenant_id: tenantId, id: secretId });
      if (secret === null) return;
      const siblings = await lockSecrets(manager, tenantId, secret.source_id);
      const used = siblings.find(({ id }) => id === secretId);
      if (used === undefined || used.last_verified_at !== null) return;
      await manager.update(
        CallbackSecret,
        { tenant_id: tenantId, id: secretId },
        { last_verified_at: new Date(lastVerifiedAtMs) },
      );
      const ofSameUse = siblings.filter(({ use }) => use === used.use);
      const current = currentOf(ofSameUse, Date.now());
      if (isActive(used, Date.now()) && (current === null || current.id < secretId))
        await this.makeCurrent(manager, used);
      await this.changes.announce(manager, { kind: 'source', key: `${tenantId}/${secret.source_id}` });
    });
  }

  private async makeCurrent(manager: EntityManager, secret: CallbackSecret): Promise<void> {
    const { tenant_id: tenantId, id, source_id: sourceId, label, use } = secret;
    await makeCurrent(manager, secret);
    await this.audit.record(manager, tenantId, {
      action: 'callback_secret.made_current',
      target: { type: 'callback_secret', id, name: label },
      details: { source_id: toUlid(sourceId), use, because: 'it verified its first callback' },
    });
  }
}

/** Adds the tallies. Rows are locked in the order of their ids, as everywhere. */
const addUsage = `
  with tally as (
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[]) as t (tenant_id, id, count, last_verified_at)
  ), locked as (
    select s.tenant_id, s.id
    from callback_secrets s join tally t on t.tenant_id = s.tenant_id and t.id = s.id
    order by s.id
    for update of s
  )
  update callback_secrets s
  set verified_count = s.verified_count + t.count,
      last_verified_at = greatest(s.last_verified_at, t.last_verified_at)
  from tally t join locked l on l.tenant_id = t.tenant_id and l.id = t.id
  where s.tenant_id = t.tenant_id and s.id = t.id`;
