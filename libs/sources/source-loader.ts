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
import type { FoundSource } from './source-finder.js';
import { needsUrlToken, UrlTokens } from './url-tokens.js';

const MOST_SOURCES = 200;
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

/** A source as it is stored, ready to verify and to sign. */
interface Loaded {
  readonly source: LiveSource;
  /** Nothing is received for it any more; its events can still be delivered. */
  readonly isDeleted: boolean;
}

/** Loads sources with their decrypted secrets; the rows of those that are asked for at the same time in a statement each. */
@Injectable()
export class SourceLoader {
  readonly #rows: BatchedReader<FoundSource, SourceRow | null>;

  constructor(
    private readonly database: Database,
    private readonly secrets: ActiveSecrets,
    private readonly tenantKeys: TenantKeys,
    private readonly urlTokens: UrlTokens,
  ) {
    this.#rows = new BatchedReader({
      read: (places) => this.readAcrossTenants(places),
      most: MOST_SOURCES,
      mostWaitMs: LOAD_TIMEOUT_MS,
    });
  }

  /** A source as it is at this moment; `null` when it is gone. Rejects with `Overloaded` when too many are asked for. */
  async load(tenantId: string, id: string): Promise<Loaded | null> {
    const row = await this.#rows.find({ tenantId, id });
    const preset = row === null ? null : findPreset(row.provider);
    if (row === null || preset === null) return null;
    return { source: await this.open(row, preset), isDeleted: row.is_deleted };
  }

  private async readAcrossTenants(places: readonly FoundSource[]): Promise<(SourceRow | null)[]> {
    const rows = await this.database.queryAcrossTenants<SourceRow & { readonly place: number }>(
      `select asked.place::integer, s.tenant_id, s.id, s.slug, s.provider, s.config,
         s.deleted_at is not null as is_deleted, t.rate_limit as tenant_rate_limit
       from unnest($1::uuid[], $2::uuid[]) with ordinality as asked (tenant_id, id, place)
       -- One that is being erased has no key any more.
       join tenants t on t.id = asked.tenant_id and length(t.wrapped_key) > 0
       join sources s on s.tenant_id = t.id and s.id = asked.id`,
      [places.map(({ tenantId }) => tenantId), places.map(({ id }) => id)],
    );
    const found = new Map(rows.map((row) => [row.place, row]));
    return places.map((_, index) => found.get(index + 1) ?? null);
  }

  private async open(row: SourceRow, preset: ProviderPreset): Promise<LiveSource> {
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
