import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import type { AuditAction } from '#contract';
import { Changes, Database, findPage, newId, type Page, pageOf, type PageRequest } from '#database';
import { problem } from '#errors';
import { findPreset } from '#providers';
import { AuditLog, Tenants } from '#tenants';
import { checkConfig } from './provider-settings.js';
import { Source, type SourceConfig } from './source.entity.js';
import { needsUrlToken, type UrlToken, UrlTokens } from './url-tokens.js';

interface NewSource {
  readonly slug: string;
  readonly provider: string;
  readonly name?: string | undefined;
  readonly config?: SourceConfig | undefined;
}

interface SourcePatch {
  readonly name?: string | undefined;
  readonly config?: SourceConfig | undefined;
  readonly status?: 'active' | 'paused' | undefined;
}

/** What a source is called, and what has become of it. */
export interface SourceNames {
  readonly slug: string;
  readonly provider: string;
  readonly isDeleted: boolean;
}

/** Makes, finds, changes and deletes sources. */
@Injectable()
export class Sources {
  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly urlTokens: UrlTokens,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
  ) {}

  async create(tenantId: string, input: NewSource): Promise<Source> {
    const preset = findPreset(input.provider);
    if (preset === null) {
      throw problem('provider_unknown', {
        errors: [{ path: 'provider', message: 'is not in the list of GET /v1/providers' }],
      });
    }
    checkConfig(preset, input.config ?? {});
    await this.urlTokens.warmUp(tenantId);
    return this.database.tenant(tenantId, (manager) => this.createWithin(manager, tenantId, input));
  }

  /** Makes a source within a transaction. */
  async createWithin(manager: EntityManager, tenantId: string, input: NewSource): Promise<Source> {
    const source: Source = {
      tenant_id: tenantId,
      id: newId(),
      slug: input.slug,
      name: input.name ?? input.slug,
      provider: input.provider,
      config: input.config ?? {},
      status: 'active',
      created_at: new Date(),
      deleted_at: null,
    };
    const inserted = await manager.query<unknown[]>(
      `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (tenant_id, slug) where deleted_at is null do nothing
       returning id`,
      [
        tenantId,
        source.id,
        source.slug,
        source.name,
        source.provider,
        JSON.stringify(source.config),
        source.status,
        source.created_at,
      ],
    );
    if (inserted.length === 0) throw problem('slug_taken', `There is a source with the slug ${input.slug}`);
    await this.urlTokens.ensureWithin(manager, source);
    await this.announce(manager, source, source.slug);
    await this.note(manager, 'source.created', source, {
      provider: source.provider,
      settings: Object.keys(source.config),
    });
    return source;
  }

  async list(tenantId: string, page: PageRequest): Promise<Page<Source>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      findPage(manager, Source, { tenant_id: tenantId, deleted_at: IsNull() }, page),
    );
    return pageOf(rows, page.limit);
  }

  /** The source with this id or slug, or `null`. */
  find(tenantId: string, idOrSlug: SourceKey): Promise<Source | null> {
    return this.database.tenant(tenantId, (manager) => findWithin(manager, tenantId, idOrSlug));
  }

  /** The source with this id or slug. */
  async get(tenantId: string, idOrSlug: SourceKey): Promise<Source> {
    const source = await this.find(tenantId, idOrSlug);
    if (source === null) throw problem('not_found');
    return source;
  }

  /** Slugs by id, of deleted sources too: for showing what refers to them. */
  async slugs(tenantId: string, ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<{ id: string; slug: string }[]>(
        'select id, slug from sources where tenant_id = $1 and id = any($2)',
        [tenantId, [...new Set(ids)]],
      ),
    );
    return new Map(rows.map(({ id, slug }) => [id, slug]));
  }

  /** What these sources are called, what they are for, and whether they have been deleted. */
  async namesOf(tenantId: string, ids: readonly string[]): Promise<Map<string, SourceNames>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<(SourceNames & { readonly id: string })[]>(
        `select id, slug, provider, deleted_at is not null as "isDeleted" from sources
         where tenant_id = $1 and id = any($2)`,
        [tenantId, [...new Set(ids)]],
      ),
    );
    return new Map(rows.map(({ id, ...names }) => [id, names]));
  }

  /** Ids of the newest sources of the same provider as this one, it included; at most `most`. */
  async idsAlike(tenantId: string, sourceId: string, most: number): Promise<string[]> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<{ id: string }[]>(
        `select id from sources where tenant_id = $1 and deleted_at is null
           and provider = (select provider from sources where tenant_id = $1 and id = $2)
         order by id desc limit $3`,
        [tenantId, sourceId, most],
      ),
    );
    return rows.map(({ id }) => id);
  }

  /** Ids of every source that is or was named so: filters find the events of deleted sources too. */
  async idsEverOf(tenantId: string, key: SourceKey): Promise<string[]> {
    const sources = await this.database.tenant(tenantId, (manager) =>
      manager.findBy(Source, { tenant_id: tenantId, ...key }),
    );
    return sources.map(({ id }) => id);
  }

  async patch(tenantId: string, idOrSlug: SourceKey, patch: SourcePatch): Promise<Source> {
    await this.urlTokens.warmUp(tenantId);
    return this.database.tenant(tenantId, async (manager) => {
      const source = await findWithin(manager, tenantId, idOrSlug);
      if (source === null) throw problem('not_found');
      const preset = findPreset(source.provider);
      if (preset !== null && patch.config !== undefined) checkConfig(preset, patch.config);
      const changed: Source = {
        ...source,
        name: patch.name ?? source.name,
        config: patch.config ?? source.config,
        status: patch.status ?? source.status,
      };
      await manager.query(
        'update sources set name = $3, config = $4, status = $5 where tenant_id = $1 and id = $2',
        [tenantId, source.id, changed.name, JSON.stringify(changed.config), changed.status],
      );
      await this.urlTokens.ensureWithin(manager, changed);
      await this.announce(manager, changed);
      await this.note(manager, 'source.updated', changed, {
        changed: Object.entries(patch).flatMap(([name, value]) => (value === undefined ? [] : [name])),
        ...(patch.status === undefined ? {} : { status: patch.status }),
        ...(patch.config === undefined ? {} : { settings: Object.keys(patch.config) }),
      });
      return changed;
    });
  }

  /** Makes a new ingest URL for a source that its URL protects; the old one works until the overlap ends. */
  async rotateUrl(tenantId: string, idOrSlug: SourceKey, overlapSeconds: number): Promise<Source> {
    await this.urlTokens.warmUp(tenantId);
    return this.database.tenant(tenantId, async (manager) => {
      const source = await findWithin(manager, tenantId, idOrSlug);
      if (source === null) throw problem('not_found');
      if (!needsUrlToken(source)) throw problem('no_url_token');
      await this.urlTokens.rotateWithin(manager, source, overlapSeconds);
      await this.announce(manager, source);
      await this.note(manager, 'source.url_rotated', source, { overlap_seconds: overlapSeconds });
      return source;
    });
  }

  /** The paths of ingest URLs, by source id. */
  async ingestPaths(tenantId: string, sources: readonly Source[]): Promise<Map<string, string>> {
    const ids = sources.filter(needsUrlToken).map(({ id }) => id);
    const tokens =
      ids.length === 0 ? new Map<string, UrlToken[]>() : await this.urlTokens.openActive(tenantId, ids);
    const { slug } = await this.tenants.get(tenantId);
    return new Map(
      sources.map((source) => {
        const [newest] = tokens.get(source.id) ?? [];
        return [source.id, `/in/${slug}/${source.slug}${newest === undefined ? '' : `/${newest.token}`}`];
      }),
    );
  }

  /** Writes down that a callback is about to be signed with a source's secret, and its signature shown. */
  async noteTest(tenantId: string, source: Source): Promise<void> {
    await this.database.tenant(tenantId, (manager) => this.note(manager, 'source.tested', source, {}));
  }

  /** Deletes a source: its URL answers 404 from then on, its events stay. */
  async delete(tenantId: string, idOrSlug: SourceKey): Promise<void> {
    await this.database.tenant(tenantId, async (manager) => {
      const source = await findWithin(manager, tenantId, idOrSlug);
      if (source === null) throw problem('not_found');
      await manager.update(Source, { tenant_id: tenantId, id: source.id }, { deleted_at: new Date() });
      await this.announce(manager, source);
      await this.note(manager, 'source.deleted', source, {});
    });
  }

  /** Writes down what was done; names of settings only, for some of their values are tokens. */
  private note(
    manager: EntityManager,
    action: Extract<AuditAction, `source.${string}`>,
    { tenant_id: tenantId, id, slug }: Source,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.audit.record(manager, tenantId, {
      action,
      target: { type: 'source', id, name: slug },
      details,
    });
  }

  /** `newSlug`: URLs that end in it may be known from now on. */
  private announce(manager: EntityManager, source: Source, newSlug?: string): Promise<void> {
    const key = `${source.tenant_id}/${source.id}`;
    return this.changes.announce(manager, {
      kind: 'source',
      key,
      ...(newSlug === undefined ? {} : { newSlug }),
    });
  }
}

/** What users name a source by, told apart before it gets here: ids are UUIDs, and no slug is one. */
export type SourceKey = { readonly id: string } | { readonly slug: string };

function findWithin(manager: EntityManager, tenantId: string, key: SourceKey): Promise<Source | null> {
  return manager.findOneBy(Source, { tenant_id: tenantId, deleted_at: IsNull(), ...key });
}
