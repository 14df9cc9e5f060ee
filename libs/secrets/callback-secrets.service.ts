import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { Changes, Database, findPage, type Page, pageOf, type PageRequest } from '#database';
import { type AuditAction, toUlid } from '#contract';
import { problem } from '#errors';
import { AuditLog } from '#tenants';
import type { ActiveSecret } from './active-secrets.js';
import { CallbackSecret } from './callback-secret.entity.js';
import { isActive } from './current.js';
import { makeCurrent, markCurrent, settleCurrent } from './lock-secrets.js';
import { hintOf, newPlainSecret, refuseUnusable } from './plain-secret.js';
import { refuseIfInUse } from './refuse-if-in-use.js';
import { isCompared, type SecretHolder, type SecretUse, useOf } from './secret-use.js';
import { SecretUsage } from './secret-usage.js';
import { type SealedSecret, SecretVault } from './secret-vault.js';

/** A secret with its plain text, which is given this once. */
export type IssuedSecret = CallbackSecret & { readonly plain_secret: string };

interface NewSecret {
  readonly label: string;
  /** When absent it is told by what its source needs, see {@link useOf}. */
  readonly use?: SecretUse | undefined;
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
    private readonly vault: SecretVault,
    private readonly usage: SecretUsage,
    private readonly audit: AuditLog,
  ) {}

  /** Makes or imports a secret of a source. The first one of its use is current. */
  async issue(tenantId: string, holder: SecretHolder, input: NewSecret): Promise<IssuedSecret> {
    const plain = newPlainSecret(input.plainSecret);
    const possibleUse = input.use ?? (holder.bearer === 'required' ? 'bearer' : 'signature');
    const sealed = await this.vault.seal(tenantId, plain, isCompared(holder, possibleUse));
    return this.database.tenant(tenantId, async (manager) => {
      const siblings = await settleCurrent(manager, tenantId, holder.id);
      const use = useOf(holder, input, siblings, Date.now());
      refuseUnusable(holder, use, plain);
      const inserted = await this.insert(manager, {
        ...stored(sealed, isCompared(holder, use)),
        tenant_id: tenantId,
        source_id: holder.id,
        use,
        label: input.label,
        hint: hintOf(plain),
        expires_at: input.expiresAt ?? null,
        replaces: null,
      });
      await this.note(manager, 'callback_secret.created', inserted, {
        ...originOf(input.plainSecret),
        expires_at: inserted.expires_at,
      });
      return { ...inserted, plain_secret: plain.text };
    });
  }

  /** Makes the successor of a secret, for the same use; both verify until the overlap ends. */
  async rotate(
    tenantId: string,
    { id, use }: Pick<CallbackSecret, 'id' | 'use'>,
    holder: SecretHolder,
    input: Rotation,
  ): Promise<IssuedSecret> {
    const plain = newPlainSecret(input.plainSecret);
    refuseUnusable(holder, use, plain);
    const sealed = await this.vault.seal(tenantId, plain, isCompared(holder, use));
    return this.database.tenant(tenantId, async (manager) => {
      const siblings = await settleCurrent(manager, tenantId, holder.id);
      const old = siblings.find((sibling) => sibling.id === id);
      if (old === undefined) throw problem('not_found');
      const oldExpiresAt = endOfOverlap(old, input.overlapSeconds);
      await manager.update(CallbackSecret, { tenant_id: tenantId, id }, { expires_at: oldExpiresAt });
      const inserted = await this.insert(manager, {
        ...stored(sealed, isCompared(holder, use)),
        tenant_id: tenantId,
        source_id: holder.id,
        use,
        label: input.label ?? old.label,
        hint: hintOf(plain),
        expires_at: null,
        replaces: id,
      });
      await this.note(manager, 'callback_secret.rotated', inserted, {
        ...originOf(input.plainSecret),
        replaces_id: toUlid(id),
        old_expires_at: oldExpiresAt,
      });
      return { ...inserted, plain_secret: plain.text };
    });
  }

  /** A page of secrets, newest first, and which ids among them are current. */
  async list(tenantId: string, page: PageRequest, sourceId?: string): Promise<Page<CallbackSecret>> {
    await this.usage.flush();
    return this.database.tenant(tenantId, async (manager) => {
      const rows = await findPage(
        manager,
        CallbackSecret,
        {
          tenant_id: tenantId,
          deleted_at: IsNull(),
          ...(sourceId === undefined ? {} : { source_id: sourceId }),
        },
        page,
      );
      return pageOf(await markCurrent(manager, tenantId, rows), page.limit);
    });
  }

  async get(tenantId: string, id: string): Promise<CallbackSecret> {
    await this.usage.flush();
    return this.database.tenant(tenantId, (manager) => this.find(manager, tenantId, id));
  }

  async patch(tenantId: string, id: string, patch: SecretPatch): Promise<CallbackSecret> {
    return this.database.tenant(tenantId, async (manager) => {
      const { source_id: sourceId } = await this.find(manager, tenantId, id);
      const siblings = await settleCurrent(manager, tenantId, sourceId);
      const secret = siblings.find((sibling) => sibling.id === id);
      if (secret === undefined) throw problem('not_found');
      const expiresAt = patch.expiresAt === undefined ? secret.expires_at : patch.expiresAt;
      if (patch.isCurrent === true && !isActive({ expires_at: expiresAt }, Date.now()))
        throw problem('conflict', 'An expired secret cannot be current');
      await manager.update(
        CallbackSecret,
        { tenant_id: tenantId, id },
        { label: patch.label ?? secret.label, expires_at: expiresAt },
      );
      if (patch.isCurrent === true) await makeCurrent(manager, secret);
      await this.announce(manager, tenantId, sourceId);
      const patched = await this.find(manager, tenantId, id);
      await this.note(manager, 'callback_secret.updated', patched, {
        ...(patch.label === undefined ? {} : { label: patch.label }),
        ...(patch.expiresAt === undefined ? {} : { expires_at: patch.expiresAt }),
        ...(patch.isCurrent === undefined ? {} : { is_current: true }),
      });
      return patched;
    });
  }

  /** Deletes a secret and destroys what was kept of it. Refused while the provider still uses it, unless forced. */
  async delete(tenantId: string, id: string, force: boolean): Promise<void> {
    await this.usage.flush();
    await this.database.tenant(tenantId, async (manager) => {
      const doomed = await this.find(manager, tenantId, id);
      const { source_id: sourceId } = doomed;
      await settleCurrent(manager, tenantId, sourceId);
      if (!force) await refuseIfInUse(manager, tenantId, id);
      await manager.update(
        CallbackSecret,
        { tenant_id: tenantId, id },
        { deleted_at: new Date(), ciphertext: null, verifier: null, is_current: false },
      );
      await settleCurrent(manager, tenantId, sourceId);
      await this.announce(manager, tenantId, sourceId);
      await this.note(manager, 'callback_secret.deleted', doomed, { forced: force });
    });
  }

  /**
   * What the tenant has, opened: secrets of this source first, expired ones too, then those of `likely` sources, then of
   * the rest; the newest `most`. For finding out whose secret a refused callback was signed with.
   *
   * @param sourceId `null` for none in particular
   */
  async openNewest(
    tenantId: string,
    sourceId: string | null,
    likely: readonly string[],
    most: number,
  ): Promise<ActiveSecret[]> {
    const open = await this.vault.opener(tenantId);
    const secrets = await this.database.tenant(tenantId, (manager) =>
      manager.query<CallbackSecret[]>(
        `select * from callback_secrets where tenant_id = $1 and deleted_at is null
         order by source_id = $2::uuid desc, source_id = any ($3::uuid[]) desc, id desc limit $4`,
        [tenantId, sourceId, likely, most],
      ),
    );
    return secrets.map((secret) => ({ ...secret, ...open(secret) }));
  }

  private async insert(
    manager: EntityManager,
    draft: Omit<CallbackSecret, keyof typeof UNUSED | 'created_at'>,
  ): Promise<CallbackSecret> {
    const { tenant_id: tenantId, source_id: sourceId, id } = draft;
    await manager.insert(CallbackSecret, { ...UNUSED, ...draft, created_at: new Date() });
    await settleCurrent(manager, tenantId, sourceId);
    await this.announce(manager, tenantId, sourceId);
    return this.find(manager, tenantId, id);
  }

  private async find(manager: EntityManager, tenantId: string, id: string): Promise<CallbackSecret> {
    const secret = await manager.findOneBy(CallbackSecret, { tenant_id: tenantId, id, deleted_at: IsNull() });
    const [marked] = secret === null ? [] : await markCurrent(manager, tenantId, [secret]);
    if (marked === undefined) throw problem('not_found');
    return marked;
  }

  private note(
    manager: EntityManager,
    action: Extract<AuditAction, `callback_secret.${string}`>,
    { tenant_id: tenantId, id, source_id: sourceId, label, use }: CallbackSecret,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.audit.record(manager, tenantId, {
      action,
      target: { type: 'callback_secret', id, name: label },
      details: { source_id: toUlid(sourceId), use, ...details },
    });
  }

  private announce(manager: EntityManager, tenantId: string, sourceId: string): Promise<void> {
    return this.changes.announce(manager, { kind: 'source', key: `${tenantId}/${sourceId}` });
  }
}

/** Who made a secret, and that its text is in the answer. */
function originOf(imported: string | undefined): { readonly imported: boolean; readonly reveals: string } {
  return { imported: imported !== undefined, reveals: 'plain_secret' };
}

/** What every new secret begins with. */
const UNUSED = {
  is_current: false,
  last_verified_at: null,
  verified_count: '0',
  deleted_at: null,
} as const;

/** The one form in which a secret is kept. */
function stored(
  { id, ciphertext, verifier }: SealedSecret,
  compared: boolean,
): Pick<CallbackSecret, 'id' | 'ciphertext' | 'verifier'> {
  return compared ? { id, ciphertext: null, verifier } : { id, ciphertext, verifier: null };
}

/** A secret that was to expire sooner still does. */
function endOfOverlap({ expires_at: expiresAt }: CallbackSecret, overlapSeconds: number): Date {
  const overlapEnds = new Date(Date.now() + overlapSeconds * 1_000);
  return expiresAt !== null && expiresAt < overlapEnds ? expiresAt : overlapEnds;
}
