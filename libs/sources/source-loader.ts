import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BatchedReader, Database } from '#database';
import { findPreset, header, json, type ProviderPreset, schemeOf } from '#providers';
import { type ActiveSecret, ActiveSecrets } from '#secrets';
import type { Credential, Scheme } from '#signatures';
import { type RateLimit, TenantKeys } from '#tenants';
import type { LiveKey, LiveSource } from './live-source.js';
import { providerSettings, requiresBearer } from './provider-settings.js';
import type { DedupeConfig, SourceConfig } from './source.entity.js';
import { needsUrlToken, UrlTokens } from './url-tokens.js';

const MOST_SOURCES = 200;
/** Many more, since most of them may be made up, and those cost next to nothing. */
const MOST_URLS = 1_000;
/** Beyond that a callback is better sent away to come again than kept. */
export const LOAD_TIMEOUT_MS = 2_000;
const DEFAULT_DEDUPE_SECONDS = 86_400;

interface SourceRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly slug: string;
  readonly provider: string;
  readonly config: SourceConfig;
  readonly is_deleted: boolean;
  readonly tenant_rate_limit: RateLimit | null;
}

/** The row of what was asked for at a place, from 1 on. */
type PlacedRow = SourceRow & { readonly place: number };

/** The two names in an ingest URL. */
export interface Slugs {
  readonly tenantSlug: string;
  readonly sourceSlug: string;
}

interface SourceId {
  readonly tenantId: string;
  readonly id: string;
}

/** A source as it is stored, ready to verify and to sign. */
interface Loaded {
  readonly source: LiveSource;
  /** Nothing is received for it any more; its events can still be delivered. */
  readonly isDeleted: boolean;
}

/**
 * Loads sources with their decrypted secrets; the rows of those that are asked for at the same time in a statement each, so
 * that however many URLs are made up, real ones wait for a statement or two.
 */
@Injectable()
export class SourceLoader {
  readonly #byId: BatchedReader<SourceId, SourceRow | null>;
  readonly #byUrl: BatchedReader<Slugs, SourceRow | null>;

  constructor(
    private readonly database: Database,
    private readonly secrets: ActiveSecrets,
    private readonly tenantKeys: TenantKeys,
    private readonly urlTokens: UrlTokens,
  ) {
    this.#byId = new BatchedReader({
      read: (ids) => this.readByIdAcrossTenants(ids),
      most: MOST_SOURCES,
      mostWaitMs: LOAD_TIMEOUT_MS,
    });
    this.#byUrl = new BatchedReader({
      read: (urls) => this.readByUrlAcrossTenants(urls),
      most: MOST_URLS,
      mostWaitMs: LOAD_TIMEOUT_MS,
    });
  }

  /** A source as it is at this moment; `null` when it is gone. Rejects with `Overloaded` when too many are asked for. */
  async load(tenantId: string, id: string): Promise<Loaded | null> {
    const row = await this.#byId.find({ tenantId, id });
    const source = row && (await this.open(row));
    return row && source && { source, isDeleted: row.is_deleted };
  }

  /** The source that is at a URL at this moment, or `null`. Rejects with `Overloaded` when too many are asked for. */
  async loadAtAcrossTenants(slugs: Slugs): Promise<LiveSource | null> {
    const row = await this.#byUrl.find(slugs);
    return row && this.open(row);
  }

  private async readByIdAcrossTenants(ids: readonly SourceId[]): Promise<(SourceRow | null)[]> {
    const rows = await this.database.queryAcrossTenants<PlacedRow>(
      `${selectRows}
       from unnest($1::uuid[], $2::uuid[]) with ordinality as asked (tenant_id, id, place)
       join tenants t on t.id = asked.tenant_id and ${isAlive}
       join sources s on s.tenant_id = t.id and s.id = asked.id`,
      [ids.map(({ tenantId }) => tenantId), ids.map(({ id }) => id)],
      'sources-by-id',
    );
    return inPlace(ids.length, rows);
  }

  private async readByUrlAcrossTenants(urls: readonly Slugs[]): Promise<(SourceRow | null)[]> {
    const rows = await this.database.queryAcrossTenants<PlacedRow>(
      `${selectRows}
       from unnest($1::text[], $2::text[]) with ordinality as asked (tenant_slug, source_slug, place)
       join tenants t on t.slug = asked.tenant_slug and ${isAlive}
       join sources s on s.tenant_id = t.id and s.slug = asked.source_slug and s.deleted_at is null`,
      [urls.map(({ tenantSlug }) => tenantSlug), urls.map(({ sourceSlug }) => sourceSlug)],
      'sources-by-url',
    );
    return inPlace(urls.length, rows);
  }

  /** `null`: of a provider that this version does not know. */
  private async open(row: SourceRow): Promise<LiveSource | null> {
    const preset = findPreset(row.provider);
    if (preset === null) return null;
    const scheme = schemeOf(preset, providerSettings(row.config));
    const [secrets, bearers, urlTokens, dataKey] = await Promise.all([
      this.secrets.open(row.tenant_id, row.id),
      requiresBearer(row.config) ? this.secrets.open(row.tenant_id, row.id, 'bearer') : null,
      needsUrlToken(row) ? this.loadUrlTokens(row) : null,
      this.tenantKeys.open(row.tenant_id),
    ]);
    return {
      tenantId: row.tenant_id,
      id: row.id,
      slug: row.slug,
      preset,
      config: row.config,
      scheme,
      tokenHeaders: tokenHeadersOf(preset, scheme),
      dedupe: dedupeRule(preset, row.config.dedupe),
      urlTokens,
      keys: secrets.flatMap((secret) => liveKey(secret, materialOf(secret, scheme))),
      bearerKeys:
        bearers?.flatMap((secret): LiveKey<Credential>[] => liveKey(secret, secret.credential)) ?? null,
      tenantRateLimit: row.tenant_rate_limit,
      dataKey,
    };
  }

  private async loadUrlTokens(row: SourceRow): Promise<NonNullable<LiveSource['urlTokens']>> {
    const tokens = await this.urlTokens.openActive(row.tenant_id, [row.id]);
    return (tokens.get(row.id) ?? []).map(({ token, expiresAt }) => ({
      digest: digest(token),
      expiresAtMs: expiresAt?.getTime() ?? Infinity,
    }));
  }
}

const selectRows = `select asked.place::integer, s.tenant_id, s.id, s.slug, s.provider, s.config,
  s.deleted_at is not null as is_deleted, t.rate_limit as tenant_rate_limit`;

/** A tenant that is being erased has no key any more. */
const isAlive = 'length(t.wrapped_key) > 0';

function inPlace(count: number, rows: readonly PlacedRow[]): (SourceRow | null)[] {
  const found = new Map(rows.map((row) => [row.place, row]));
  return Array.from({ length: count }, (_, index) => found.get(index + 1) ?? null);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function liveKey<Material>(secret: ActiveSecret, material: Material | null): LiveKey<Material>[] {
  if (material === null) return [];
  return [
    {
      id: secret.id,
      material,
      expiresAtMs: secret.expires_at?.getTime() ?? Infinity,
      mayTakeOver: !secret.is_current && secret.last_verified_at === null,
    },
  ];
}

/** Key material of a secret; `null` where the scheme cannot use it. */
function materialOf({ plainSecret, credential }: ActiveSecret, scheme: Scheme): unknown {
  if (plainSecret === null) return credential;
  const prepared = scheme.prepareKey(plainSecret);
  return prepared.ok ? prepared.material : null;
}

function dedupeRule(preset: ProviderPreset, config: DedupeConfig | undefined): LiveSource['dedupe'] {
  const windowSeconds = config?.window_seconds ?? DEFAULT_DEDUPE_SECONDS;
  const [kind, ...rest] = config?.key?.split(':') ?? [];
  const place = rest.join(':');
  const key = kind === 'header' ? header(place) : kind === 'json' ? json(place) : preset.eventId;
  return key === undefined || windowSeconds === 0 ? null : { key, windowSeconds };
}

function tokenHeadersOf(preset: ProviderPreset, scheme: Scheme): string[] {
  const compared = scheme.secretUse === 'compare' ? scheme.signatureHeaders : [];
  return [...new Set([...(preset.tokenHeaders ?? []), ...compared])].map((name) => name.toLowerCase());
}
