import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { KnownSecret } from '#diagnosis';
import { type ActiveSecret, CallbackSecrets, isActive, isQuickToCompare } from '#secrets';
import { Sources } from '#sources';

const MOST_SECRETS = 200;
/** Rejections come in rows; so long their secrets need not be opened again. */
const REMEMBERED_FOR_MS = 2_000;
const MOST_REMEMBERED = 100;

/** The secrets that a refused callback may have been signed with: those of its source, and of others of the tenant. */
@Injectable()
export class KnownSecrets {
  readonly #known = new LRUCache<string, Promise<readonly KnownSecret[]>>({
    max: MOST_REMEMBERED,
    ttl: REMEMBERED_FOR_MS,
  });

  constructor(
    private readonly secrets: CallbackSecrets,
    private readonly sources: Sources,
  ) {}

  /** The source's own first, then those of sources of the same provider, the newest first; at most 200. */
  of(tenantId: string, sourceId: string): Promise<readonly KnownSecret[]> {
    const key = `${tenantId}/${sourceId}`;
    const known = this.#known.get(key) ?? this.open(tenantId, sourceId);
    this.#known.set(key, known, { noUpdateTTL: true });
    known.catch(() => this.#known.delete(key));
    return known;
  }

  private async open(tenantId: string, sourceId: string): Promise<readonly KnownSecret[]> {
    const alike = await this.sources.idsAlike(tenantId, sourceId, MOST_SECRETS);
    const secrets = await this.secrets.openNewest(tenantId, sourceId, alike, MOST_SECRETS);
    const sourceIds = secrets.map(({ source_id }) => source_id);
    const slugs = await this.sources.slugs(tenantId, sourceIds);
    const deleted = await this.sources.deletedOf(tenantId, sourceIds);
    const nowMs = Date.now();
    return secrets.map((secret) => {
      const slug = slugs.get(secret.source_id) ?? '';
      return known(secret, { sourceId, nowMs, slug, isSourceDeleted: deleted.has(secret.source_id) });
    });
  }
}

interface Where {
  readonly sourceId: string;
  readonly nowMs: number;
  readonly slug: string;
  readonly isSourceDeleted: boolean;
}

function known(secret: ActiveSecret, { sourceId, nowMs, slug, isSourceDeleted }: Where): KnownSecret {
  const own = isActive(secret, nowMs) ? 'active' : 'expired';
  return {
    id: secret.id,
    label: secret.label,
    use: secret.use,
    standing: secret.source_id === sourceId ? own : 'other_source',
    sourceSlug: slug,
    isSourceDeleted,
    expiresAtMs: secret.expires_at?.getTime() ?? null,
    plainSecret: secret.plainSecret,
    credential: isQuickToCompare(secret.verifier) ? secret.credential : null,
  };
}
