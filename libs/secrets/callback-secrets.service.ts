import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, LessThan } from 'typeorm';
import { Changes, Database, newId, type Page, type PageRequest, pageOf } from '#database';
import { problem } from '#errors';
import { TenantKeys } from '#tenants';
import { CallbackSecret } from './callback-secret.entity.js';
import { hashSecret } from './compared-secret.js';
import { currentOf, isActive } from './current.js';
import { lockSecrets } from './lock-secrets.js';
import { plainSecretFor, type SecretHolder } from './plain-secret.js';
import { SecretUsage } from './secret-usage.js';

const HINT_CHARACTERS = 4;
const PLACE = 'callback_secrets.ciphertext';

/** A secret with its plain text, which is given this once. */
export type IssuedSecret = CallbackSecret & { readonly plain_secret: string };

/** A secret that verifies now: for the memory of inboxes and workers only. */
export interface ActiveSecret extends CallbackSecret {
  /** Decrypted; `null` where the secret is only compared, so that nobody has its plain text any more. */
  readonly plainSecret: string | null;
}

interface NewSecret {
  readonly label: string;
  readonly plainSecret?: string | undefined;
  readonly expiresAt?: Date | null | undefined;
}

interface Rotation {
  readonly overlapSeconds: number;
  readonly label?: string | undefined;
  readonly plainSecret?: string | undefined;
}

interface SecretPatch {
  readonly label?: string | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly isCurrent?: true | undefined;
}

/** Issues, rotates and deletes callback secrets. */
@Injectable()
export class CallbackSecrets {
  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly tenantKeys: TenantKeys,
    private readonly usage: SecretUsage,
  ) {}

  /** Makes or imports a secret of a source. The first one is current. */
  async issue(tenantId: string, holder: SecretHolder, input: NewSecret): Promise<IssuedSecret> {
    const plainSecret = plainSecretFor(holder, input.plainSecret);
    const draft = await this.draft(tenantId, holder, { ...input, plainSecret });
    return this.database.tenant(tenantId, async (manager) => {
      await this.lock(manager, tenantId, holder.id);
      return { ...(await this.insert(manager, draft)), plain_secret: plainSecret };
    });
  }

  /** Makes the successor of a secret; both verify until the overlap ends. */
  async rotate(tenantId: string, id: string, holder: SecretHolder, input: Rotation): Promise<IssuedSecret> {
    const plainSecret = plainSecretFor(holder, input.plainSecret);
    const draft = await this.draft(tenantId, holder, { ...input, plainSecret });
    return this.database.tenant(tenantId, async (manager) => {
      const old = (await this.lock(manager, tenantId, holder.id)).find((sibling) => sibling.id === id);
      if (old === undefined) throw problem('not_found');
      const overlapEnds = new Date(Date.now() + input.overlapSeconds * 1_000);
      // A secret that was to expire sooner still does.
      const expiresAt =
        old.expires_at !== null && old.expires_at < overlapEnds ? old.expires_at : overlapEnds;
      await manager.update(CallbackSecret, { tenant_id: tenantId, id }, { expires_at: expiresAt });
      const inserted = await this.insert(manager, {
        ...draft,
        label: input.label ?? old.label,
        replaces: id,
      });
      return { ...inserted, plain_secret: plainSecret };
    });
  }

  /** A page of secrets, newest first, and which ids among them are current. */
  async list(tenantId: string, page: PageRequest, sourceId?: string): Promise<Page<CallbackSecret>> {
    await this.usage.flush();
    return this.database.tenant(tenantId, async (manager) => {
      const rows = await manager.find(CallbackSecret, {
        where: {
          tenant_id: tenantId,
          deleted_at: IsNull(),
          ...(sourceId === undefined ? {} : { source_id: sourceId }),
          ...(page.before === null ? {} : { id: LessThan(page.before) }),
        },
        order: { id: 'DESC' },
        take: page.limit + 1,
      });
      return pageOf(await this.markCurrent(manager, tenantId, rows), page.limit);
    });
  }

  async get(tenantId: string, id: string): Promise<CallbackSecret> {
    await this.usage.flush();
    return this.database.tenant(tenantId, (manager) => this.find(manager, tenantId, id));
  }

  async patch(tenantId: string, id: string, patch: SecretPatch): Promise<CallbackSecret> {
    return this.database.tenant(tenantId, async (manager) => {
      const { source_id: sourceId } = await this.find(manager, tenantId, id);
      const secret = (await this.lock(manager, tenantId, sourceId)).find((sibling) => sibling.id === id);
      if (secret === undefined) throw problem('not_found');
      const expiresAt = patch.expiresAt === undefined ? secret.expires_at : patch.expiresAt;
      if (patch.isCurrent === true && !isActive({ expires_at: expiresAt }, Date.now()))
        throw problem('conflict', 'An expired secret cannot be current');
      await manager.update(
        CallbackSecret,
        { tenant_id: tenantId, id },
        { label: patch.label ?? secret.label, expires_at: expiresAt },
      );
      if (patch.isCurrent === true) await this.makeCurrent(manager, secret);
      await this.announce(manager, tenantId, sourceId);
      return this.find(manager, tenantId, id);
    });
  }

  /** Deletes a secret and destroys its ciphertext. Refused while the provider still signs with it, unless forced. */
  async delete(tenantId: string, id: string, force: boolean): Promise<void> {
    await this.usage.flush();
    await this.database.tenant(tenantId, async (manager) => {
      const { source_id: sourceId } = await this.find(manager, tenantId, id);
      await this.lock(manager, tenantId, sourceId);
      if (!force) await this.refuseIfInUse(manager, tenantId, id);
      await manager.update(
        CallbackSecret,
        { tenant_id: tenantId, id },
        { deleted_at: new Date(), ciphertext: null, verifier: null, is_current: false },
      );
      await this.lock(manager, tenantId, sourceId);
      await this.announce(manager, tenantId, sourceId);
    });
  }

  /** The secrets of a source that verify now, decrypted, the current one first. */
  async openActive(tenantId: string, sourceId: string): Promise<ActiveSecret[]> {
    const dataKey = await this.tenantKeys.open(tenantId);
    const secrets = await this.database.tenant(tenantId, (manager) =>
      manager.find(CallbackSecret, {
        where: { tenant_id: tenantId, source_id: sourceId, deleted_at: IsNull() },
        order: { id: 'DESC' },
      }),
    );
    const current = currentOf(secrets, Date.now());
    const currentFirst = [...secrets].sort(
      (a, b) => Number(b.id === current?.id) - Number(a.id === current?.id),
    );
    return currentFirst.flatMap((secret) => {
      if (!isActive(secret, Date.now())) return [];
      const { ciphertext } = secret;
      const plainSecret = ciphertext && dataKey.decrypt(PLACE, secret.id, ciphertext).toString('utf8');
      return [{ ...secret, is_current: secret.id === current?.id, plainSecret }];
    });
  }

  private async draft(
    tenantId: string,
    holder: SecretHolder,
    input: { label?: string | undefined; plainSecret: string; expiresAt?: Date | null | undefined },
  ): Promise<CallbackSecret> {
    const id = newId();
    const isCompared = holder.scheme.secretUse === 'compare';
    const dataKey = await this.tenantKeys.open(tenantId);
    return {
      tenant_id: tenantId,
      id,
      source_id: holder.id,
      label: input.label ?? '',
      hint: input.plainSecret.slice(-HINT_CHARACTERS),
      ciphertext: isCompared ? null : dataKey.encrypt(PLACE, id, input.plainSecret),
      verifier: isCompared ? await hashSecret(input.plainSecret) : null,
      is_current: false,
      created_at: new Date(),
      expires_at: input.expiresAt ?? null,
      replaces: null,
      last_verified_at: null,
      verified_count: '0',
      deleted_at: null,
    };
  }

  private async insert(manager: EntityManager, secret: CallbackSecret): Promise<CallbackSecret> {
    const { tenant_id: tenantId, source_id: sourceId, id } = secret;
    await manager.insert(CallbackSecret, secret);
    await this.lock(manager, tenantId, sourceId);
    await this.announce(manager, tenantId, sourceId);
    return this.find(manager, tenantId, id);
  }

  private async find(manager: EntityManager, tenantId: string, id: string): Promise<CallbackSecret> {
    const secret = await manager.findOneBy(CallbackSecret, { tenant_id: tenantId, id, deleted_at: IsNull() });
    const [marked] = secret === null ? [] : await this.markCurrent(manager, tenantId, [secret]);
    if (marked === undefined) throw problem('not_found');
    return marked;
  }

  /**
   * Locks a source's secrets, so that which one is current is decided by one transaction at a time, and writes down
   * which one is by now: neither a newer secret nor a changed expiry may take the mark away from it later on.
   */
  private async lock(manager: EntityManager, tenantId: string, sourceId: string): Promise<CallbackSecret[]> {
    const siblings = await lockSecrets(manager, tenantId, sourceId);
    const current = currentOf(siblings, Date.now());
    if (current !== null && !current.is_current) await this.makeCurrent(manager, current);
    return siblings.map((sibling) => ({ ...sibling, is_current: sibling.id === current?.id }));
  }

  private async makeCurrent(manager: EntityManager, secret: CallbackSecret): Promise<void> {
    const { tenant_id, source_id, id } = secret;
    await manager.update(CallbackSecret, { tenant_id, source_id, is_current: true }, { is_current: false });
    await manager.update(CallbackSecret, { tenant_id, id }, { is_current: true });
  }

  /** The provider still signs with the secret that verified the newest callback, unless another one has verified since. */
  private async refuseIfInUse(manager: EntityManager, tenantId: string, id: string): Promise<void> {
    const rows = await manager.query<{ last_verified_at: Date }[]>(
      `select s.last_verified_at from callback_secrets s
       where s.tenant_id = $1 and s.id = $2 and s.last_verified_at is not null
         and not exists (
           select from callback_secrets o
           where o.tenant_id = $1 and o.source_id = s.source_id and o.last_verified_at > s.last_verified_at
         )`,
      [tenantId, id],
    );
    if (rows[0] === undefined) return;
    throw problem('secret_in_use', {
      detail:
        'It verified the newest callback of its source; switch the provider over first, or add ?force=true',
      members: { last_verified_at: rows[0].last_verified_at.toISOString() },
    });
  }

  /** Replaces the stored mark by the effective one, see {@link currentOf}. */
  private async markCurrent(
    manager: EntityManager,
    tenantId: string,
    secrets: CallbackSecret[],
  ): Promise<CallbackSecret[]> {
    const sourceIds = [...new Set(secrets.map((secret) => secret.source_id))];
    const current = new Set<string>();
    for (const sourceId of sourceIds) {
      const siblings = await manager.findBy(CallbackSecret, {
        tenant_id: tenantId,
        source_id: sourceId,
        deleted_at: IsNull(),
      });
      const id = currentOf(siblings, Date.now())?.id;
      if (id !== undefined) current.add(id);
    }
    return secrets.map((secret) => ({ ...secret, is_current: current.has(secret.id) }));
  }

  private announce(manager: EntityManager, tenantId: string, sourceId: string): Promise<void> {
    return this.changes.announce(manager, { kind: 'source', key: `${tenantId}/${sourceId}` });
  }
}
