import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Change, Changes } from '#database';
import type { KnownSecret } from '#diagnosis';
import { type ActiveSecret, CallbackSecrets, isActive, isQuickToCompare } from '#secrets';
import { type SourceNames, Sources } from '#sources';

const MOST_SECRETS = 200;
/** Rejections come in rows; so long their secrets need not be opened again. */
const REMEMBERED_FOR_MS = 2_000;
const MOST_REMEMBERED = 100;

/** A source whose callback was refused. */
interface RefusingSource {
  readonly id: string;
  readonly provider: string;
}

/** A secret of the tenant's, and the source that it belongs to. */
interface Opened {
  readonly secret: ActiveSecret;
  readonly source: SourceNames;
}

/** The secrets that a refused callback may have been signed with: those of its source, and of others of the tenant. */
@Injectable()
export class KnownSecrets {
  readonly #opened = new LRUCache<string, Promise<readonly Opened[]>>({
    max: MOST_REMEMBERED,
    ttl: REMEMBERED_FOR_MS,
  });

  constructor(
    private readonly secrets: CallbackSecrets,
    private readonly sources: Sources,
    changes: Changes,
  ) {
    changes.subscribe((change) => this.heed(change));
  }

  /** The source's own first, then those of sources of the same provider, the newest first; at most 200. */
  async of(tenantId: string, source: RefusingSource): Promise<readonly KnownSecret[]> {
    // Opened once for all sources of the tenant; only of a tenant with more are some left out, and each source needs others.
    const all = await this.remembered(tenantId, () => this.open(tenantId, null, []));
    const opened =
      all.length < MOST_SECRETS
        ? all
        : await this.remembered(`${tenantId}/${source.id}`, () => this.openFor(tenantId, source.id));
    const nowMs = Date.now();
    return likeliestFirst(opened, source).map((one) => known(one, source.id, nowMs));
  }

  /** A secret that was made a moment ago is looked for, too. */
  private heed(change: Change | 'unknown'): void {
    if (change === 'unknown') return this.#opened.clear();
    if (change.kind !== 'source') return;
    const [tenantId = ''] = change.key.split('/', 1);
    for (const key of this.#opened.keys()) if (key.startsWith(tenantId)) this.#opened.delete(key);
  }

  private remembered(key: string, open: () => Promise<readonly Opened[]>): Promise<readonly Opened[]> {
    const opened = this.#opened.get(key) ?? open();
    this.#opened.set(key, opened, { noUpdateTTL: true });
    opened.catch(() => this.#opened.delete(key));
    return opened;
  }

  private async openFor(tenantId: string, sourceId: string): Promise<readonly Opened[]> {
    const alike = await this.sources.idsAlike(tenantId, sourceId, MOST_SECRETS);
    return this.open(tenantId, sourceId, alike);
  }

  private async open(
    tenantId: string,
    sourceId: string | null,
    alike: readonly string[],
  ): Promise<readonly Opened[]> {
    const secrets = await this.secrets.openNewest(tenantId, sourceId, alike, MOST_SECRETS);
    const sources = await this.sources.namesOf(
      tenantId,
      secrets.map(({ source_id }) => source_id),
    );
    return secrets.flatMap((secret) => {
      const source = sources.get(secret.source_id);
      return source === undefined ? [] : [{ secret, source }];
    });
  }
}

function likeliestFirst(opened: readonly Opened[], { id, provider: wanted }: RefusingSource): Opened[] {
  const isOwn = ({ secret }: Opened): boolean => secret.source_id === id;
  const isAlike = ({ source }: Opened): boolean => wanted === source.provider && !source.isDeleted;
  const rank = (one: Opened): number => (isOwn(one) ? 0 : isAlike(one) ? 1 : 2);
  return [...opened].sort((a, b) => rank(a) - rank(b));
}

function known({ secret, source }: Opened, sourceId: string, nowMs: number): KnownSecret {
  const own = isActive(secret, nowMs) ? 'active' : 'expired';
  return {
    id: secret.id,
    label: secret.label,
    use: secret.use,
    standing: secret.source_id === sourceId ? own : 'other_source',
    sourceSlug: source.slug,
    isSourceDeleted: source.isDeleted,
    expiresAtMs: secret.expires_at?.getTime() ?? null,
    plainSecret: secret.plainSecret,
    credential: isQuickToCompare(secret.verifier) ? secret.credential : null,
  };
}
