import { Injectable } from '@nestjs/common';
import { BatchedReader, Database } from '#database';
import type { CallbackSecret } from './callback-secret.entity.js';
import { currentOf, isActive } from './current.js';
import type { SecretUse } from './secret-use.js';
import { type OpenedSecret, SecretVault } from './secret-vault.js';

/** A secret that verifies now: for the memory of inboxes and workers only. */
export type ActiveSecret = CallbackSecret & OpenedSecret;

interface Place {
  readonly tenantId: string;
  readonly sourceId: string;
}

const MOST_SOURCES = 200;
const MOST_WAIT_MS = 2_000;

/** By name: a prepared statement fails when a column is added to those that it was prepared for, by an upgrade say. */
const columns = `s.tenant_id, s.id, s.source_id, s.use, s.label, s.hint, s.ciphertext, s.verifier, s.is_current, s.created_at,
  s.expires_at, s.replaces, s.last_verified_at, s.verified_count, s.deleted_at`;

/** Reads and opens the secrets that verify now: those of all sources that are asked for at the same time in one statement. */
@Injectable()
export class ActiveSecrets {
  readonly #reader: BatchedReader<Place, CallbackSecret[]>;

  constructor(
    private readonly database: Database,
    private readonly vault: SecretVault,
  ) {
    this.#reader = new BatchedReader({
      read: (places) => this.readAcrossTenants(places),
      most: MOST_SOURCES,
      mostWaitMs: MOST_WAIT_MS,
    });
  }

  /**
   * Those of a source, the current one first; of its signature unless told otherwise. Reads outside of any transaction. Rejects
   * with `Overloaded` when too many are asked for.
   */
  async open(tenantId: string, sourceId: string, use: SecretUse = 'signature'): Promise<ActiveSecret[]> {
    const open = await this.vault.opener(tenantId);
    const secrets = (await this.#reader.find({ tenantId, sourceId })).filter((secret) => secret.use === use);
    const nowMs = Date.now();
    const current = currentOf(secrets, nowMs);
    const currentFirst = [...secrets].sort(
      (a, b) => Number(b.id === current?.id) - Number(a.id === current?.id),
    );
    return currentFirst
      .filter((secret) => isActive(secret, nowMs))
      .map((secret) => ({ ...secret, ...open(secret), is_current: secret.id === current?.id }));
  }

  private async readAcrossTenants(places: readonly Place[]): Promise<CallbackSecret[][]> {
    const rows = await this.database.queryAcrossTenants<CallbackSecret & { readonly place: number }>(
      `select asked.place::integer, ${columns}
       from unnest($1::uuid[], $2::uuid[]) with ordinality as asked (tenant_id, source_id, place)
       join callback_secrets s
         on s.tenant_id = asked.tenant_id and s.source_id = asked.source_id and s.deleted_at is null
       order by s.id desc`,
      [places.map(({ tenantId }) => tenantId), places.map(({ sourceId }) => sourceId)],
      'active-secrets',
    );
    const found = places.map((): CallbackSecret[] => []);
    for (const { place, ...secret } of rows) found[place - 1]?.push(secret);
    return found;
  }
}
