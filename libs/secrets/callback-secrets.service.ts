import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, LessThan } from 'typeorm';
import { Changes, Database, newId, type Page, type PageRequest, pageOf } from '#database';
import { problem } from '#errors';
import type { Scheme } from '#signatures';
import { TenantKeys } from '#tenants';
import { CallbackSecret } from './callback-secret.entity.js';
import { currentOf, isActive } from './current.js';
import { SecretUsage } from './secret-usage.js';

const GENERATED_BYTES = 32;
const HINT_CHARACTERS = 4;
const PLACE = 'callback_secrets.ciphertext';

/** What a secret is for: a source and how its provider signs. */
export interface SecretHolder {
  readonly id: string;
  readonly scheme: Scheme;
  readonly secretSource: 'generated' | 'imported' | 'either' | 'none';
}

/** A secret with its plain text, which is given this once. */
export type IssuedSecret = CallbackSecret & { readonly plain_secret: string };

/** A secret that verifies now, decrypted: for the memory of inboxes and workers only. */
export interface ActiveSecret extends CallbackSecret {
  readonly plainSecret: string;
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
    const draft = await this.draft(tenantId, holder.id, { ...input, plainSecret });
    return this.database.tenant(tenantId, async (manager) => {
      const siblings = await this.lockSiblings(manager, tenantId, holder.id);
      draft.is_current = currentOf(siblings, Date.now()) === null;
      if (draft.is_current) await this.clearCurrent(manager, tenantId, holder.id);
      await this.insert(manager, draft);
      return { ...draft, plain_secret: plainSecret };
    });
  }

  /** Makes the successor of a secret; both verify until the overlap ends. */
  async rotate(tenantId: string, id: string, holder: SecretHolder, input: Rotation): Promise<IssuedSecret> {
    const plainSecret = plainSecretFor(holder, input.plainSecret);
    const old = await this.get(tenantId, id);
    const draft = await this.draft(tenantId, old.source_id, { label: input.label ?? old.label, plainSecret });
    return this.database.tenant(tenantId, async (manager) => {
      await this.lockSiblings(manager, tenantId, old.source_id);
      const overlapEnds = new Date(Date.now() + input.overlapSeconds * 1_000);
      // A secret that was to expire sooner still does.
      const expiresAt =
        old.expires_at !== null && old.expires_at < overlapEnds ? old.expires_at : overlapEnds;
      await manager.update(CallbackSecret, { tenant_id: tenantId, id }, { expires_at: expiresAt });
      draft.replaces = id;
      await this.insert(manager, draft);
      return { ...draft, plain_secret: plainSecret };
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
      const secret = await this.find(manager, tenantId, id);
      await this.lockSiblings(manager, tenantId, secret.source_id);
      const expiresAt = patch.expiresAt === undefined ? secret.expires_at : patch.expiresAt;
      if (patch.isCurrent === true) {
        if (!isActive({ expires_at: expiresAt }, Date.now()))
          throw problem('conflict', 'An expired secret cannot be current');
        await this.clearCurrent(manager, tenantId, secret.source_id);
      }
      await manager.update(
        CallbackSecret,
        { tenant_id: tenantId, id },
        {
          label: patch.label ?? secret.label,
          expires_at: expiresAt,
          ...(patch.isCurrent === true ? { is_current: true } : {}),
        },
      );
      await this.announce(manager, tenantId, secret.source_id);
      return this.find(manager, tenantId, id);
    });
  }

  /** Deletes a secret and destroys its ciphertext. Refused while the provider still signs with it, unless forced. */
  async delete(tenantId: string, id: string, force: boolean): Promise<void> {
    await this.usage.flush();
    await this.database.tenant(tenantId, async (manager) => {
      const secret = await this.find(manager, tenantId, id);
      const siblings = await this.lockSiblings(manager, tenantId, secret.source_id);
      if (!force) refuseIfInUse(secret, siblings);
      await manager.update(
        CallbackSecret,
        { tenant_id: tenantId, id },
        { deleted_at: new Date(), ciphertext: null, verifier: null, is_current: false },
      );
      await this.announce(manager, tenantId, secret.source_id);
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
      if (!isActive(secret, Date.now()) || secret.ciphertext === null) return [];
      const plainSecret = dataKey.decrypt(PLACE, secret.id, secret.ciphertext).toString('utf8');
      return [{ ...secret, is_current: secret.id === current?.id, plainSecret }];
    });
  }

  private async draft(
    tenantId: string,
    sourceId: string,
    input: NewSecret & { plainSecret: string },
  ): Promise<CallbackSecret> {
    const id = newId();
    const dataKey = await this.tenantKeys.open(tenantId);
    return {
      tenant_id: tenantId,
      id,
      source_id: sourceId,
      label: input.label,
      hint: input.plainSecret.slice(-HINT_CHARACTERS),
      ciphertext: dataKey.encrypt(PLACE, id, input.plainSecret),
      verifier: null,
      is_current: false,
      created_at: new Date(),
      expires_at: input.expiresAt ?? null,
      replaces: null,
      last_verified_at: null,
      verified_count: '0',
      deleted_at: null,
    };
  }

  private async insert(manager: EntityManager, secret: CallbackSecret): Promise<void> {
    await manager.insert(CallbackSecret, secret);
    await this.announce(manager, secret.tenant_id, secret.source_id);
  }

  private async find(manager: EntityManager, tenantId: string, id: string): Promise<CallbackSecret> {
    const secret = await manager.findOneBy(CallbackSecret, { tenant_id: tenantId, id, deleted_at: IsNull() });
    const [marked] = secret === null ? [] : await this.markCurrent(manager, tenantId, [secret]);
    if (marked === undefined) throw problem('not_found');
    return marked;
  }

  /** Locks a source's secrets, so that which one is current is decided by one transaction at a time. */
  private lockSiblings(
    manager: EntityManager,
    tenantId: string,
    sourceId: string,
  ): Promise<CallbackSecret[]> {
    return manager.find(CallbackSecret, {
      where: { tenant_id: tenantId, source_id: sourceId, deleted_at: IsNull() },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
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

  private async clearCurrent(manager: EntityManager, tenantId: string, sourceId: string): Promise<void> {
    await manager.update(
      CallbackSecret,
      { tenant_id: tenantId, source_id: sourceId, is_current: true },
      { is_current: false },
    );
  }

  private announce(manager: EntityManager, tenantId: string, sourceId: string): Promise<void> {
    return this.changes.announce(manager, { kind: 'source', key: `${tenantId}/${sourceId}` });
  }
}

function plainSecretFor({ scheme, secretSource }: SecretHolder, imported: string | undefined): string {
  if (secretSource === 'none') throw problem('secret_invalid', 'This provider has no callback secrets');
  if (imported === undefined && secretSource === 'imported') {
    throw problem('secret_invalid', 'This provider makes the secret: give it as plain_secret');
  }
  const plainSecret = imported ?? `whsec_${randomBytes(GENERATED_BYTES).toString('base64')}`;
  const prepared = scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw problem('secret_invalid', prepared.problem);
  return plainSecret;
}

/** The provider still signs with the secret that verified the newest callback, unless another one has verified since. */
function refuseIfInUse(secret: CallbackSecret, siblings: readonly CallbackSecret[]): void {
  const used = secret.last_verified_at;
  if (
    used === null ||
    siblings.some((other) => other.id !== secret.id && (other.last_verified_at ?? 0) > used)
  )
    return;
  throw problem('secret_in_use', {
    detail:
      'It verified the newest callback of its source; switch the provider over first, or add ?force=true',
    members: { last_verified_at: used.toISOString() },
  });
}
