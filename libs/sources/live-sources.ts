import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Change, Changes, Database, Overloaded, within } from '#database';
import { findPreset, header, json, type ProviderPreset, schemeOf } from '#providers';
import { type ActiveSecret, CallbackSecrets } from '#secrets';
import type { Credential, Scheme } from '#signatures';
import { type RateLimit, TenantKeys } from '#tenants';
import type { LiveKey, LiveSource } from './live-source.js';
import { providerSettings, requiresBearer } from './provider-settings.js';
import { type Slugs, SourceFinder } from './source-finder.js';
import { needsUrlToken, UrlTokens } from './url-tokens.js';
import type { DedupeConfig, SourceConfig } from './source.entity.js';

/** Under 2 KB each. */
const MOST_SOURCES = 50_000;
/** Those whose events are being delivered. */
const MOST_SOURCES_BY_ID = 20_000;
const MOST_UNKNOWN_URLS = 20_000;
/** Sources that are there and whose secrets are being read and decrypted. */
const MOST_LOADING = 500;
/** Every change is announced, and the announcements are tried out; this only bounds what is not foreseen. */
const MAX_AGE_MS = 5 * 60_000;
const MAX_AGE_OF_UNKNOWN_MS = 10_000;
const MAX_AGE_WHILE_DEAF_MS = 500;
/** Beyond that a callback is better sent away to come again than kept. */
const LOAD_TIMEOUT_MS = 2_000;
const DEFAULT_DEDUPE_SECONDS = 86_400;

interface SourceRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly slug: string;
  readonly provider: string;
  readonly config: SourceConfig;
  readonly tenant_rate_limit: RateLimit | null;
}

interface Remembered {
  readonly source: LiveSource;
  readonly loadedAtMs: number;
}

interface RememberedById {
  readonly loading: Promise<LiveSource | null>;
  readonly loadedAtMs: number;
}

/** Finds the source of an ingest URL, with its decrypted secrets, in memory. */
@Injectable()
export class LiveSources {
  /** Where the entry of a source is: `tenant id/source id` to its URL, for as long as there is one. */
  readonly #urlsById = new Map<string, string>();
  readonly #known = new LRUCache<string, Remembered>({
    max: MOST_SOURCES,
    dispose: ({ source }) => this.#urlsById.delete(`${source.tenantId}/${source.id}`),
  });
  /** When unknown URLs were looked up. They are remembered apart, so that made-up URLs cannot push real sources out. */
  readonly #unknown = new LRUCache<string, number>({ max: MOST_UNKNOWN_URLS });
  /** Look-ups under way that a change has not overtaken. Concurrent callbacks share them. */
  readonly #loading = new Map<string, Promise<LiveSource | null>>();
  readonly #finder: SourceFinder;
  #loads = 0;
  /** For signing deliveries: by `tenant id/source id`, deleted sources too. */
  readonly #byId = new LRUCache<string, RememberedById>({ max: MOST_SOURCES_BY_ID });

  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly secrets: CallbackSecrets,
    private readonly tenantKeys: TenantKeys,
    private readonly urlTokens: UrlTokens,
  ) {
    this.#finder = new SourceFinder(database, LOAD_TIMEOUT_MS);
    changes.subscribe((change) => {
      // What is being looked up may have been read before the change: those who wait get it, nobody after them.
      this.#loading.clear();
      if (change === 'unknown' || change.kind === 'tenant') this.forgetAll();
      else if (change.kind === 'tenant_limits') this.forgetTenant(change.key);
      else if (change.kind === 'source') this.forgetSource(change);
    });
  }

  /** The source with this id, a deleted one too: its events can still be delivered again. `null` when it is gone. */
  async findByIdAcrossTenants(tenantId: string, id: string): Promise<LiveSource | null> {
    const key = `${tenantId}/${id}`;
    const remembered = this.#byId.get(key);
    if (remembered !== undefined && this.isFresh(remembered.loadedAtMs, MAX_AGE_MS))
      return remembered.loading;
    const loading = this.load('s.tenant_id = $1 and s.id = $2', [tenantId, id]);
    this.#byId.set(key, { loading, loadedAtMs: Date.now() });
    loading.catch(() => this.#byId.delete(key));
    return loading;
  }

  /**
   * The source at `/in/{tenantSlug}/{sourceSlug}`, or `null`; a promise only while it is being looked up. That rejects with
   * `Overloaded` when too many are.
   */
  findByUrlAcrossTenants(
    tenantSlug: string,
    sourceSlug: string,
  ): LiveSource | null | Promise<LiveSource | null> {
    const url = `${tenantSlug}/${sourceSlug}`;
    const remembered = this.#known.get(url);
    if (remembered !== undefined && this.isFresh(remembered.loadedAtMs, MAX_AGE_MS)) return remembered.source;
    const missedAtMs = this.#unknown.get(url);
    if (missedAtMs !== undefined && this.isFresh(missedAtMs, MAX_AGE_OF_UNKNOWN_MS)) return null;
    return this.#loading.get(url) ?? this.lookUp(url, { tenantSlug, sourceSlug });
  }

  private lookUp(url: string, slugs: Slugs): Promise<LiveSource | null> {
    const loadedAtMs = Date.now();
    const loading = within(LOAD_TIMEOUT_MS, this.loadAtAcrossTenants(slugs));
    this.#loading.set(url, loading);
    const end = (source?: LiveSource | null): void => {
      if (this.#loading.get(url) !== loading) return;
      this.#loading.delete(url);
      if (source !== undefined) this.remember(url, source, loadedAtMs);
    };
    loading.then(end, () => end());
    return loading;
  }

  private async loadAtAcrossTenants(slugs: Slugs): Promise<LiveSource | null> {
    const found = await this.#finder.findAcrossTenants(slugs);
    if (found === null) return null;
    if (this.#loads >= MOST_LOADING) throw new Overloaded();
    this.#loads += 1;
    try {
      return await this.loadAcrossTenants(found.tenantId, found.id);
    } finally {
      this.#loads -= 1;
    }
  }

  private remember(url: string, source: LiveSource | null, loadedAtMs: number): void {
    if (source === null) {
      this.#known.delete(url);
      this.#unknown.set(url, loadedAtMs);
    } else {
      this.#known.set(url, { source, loadedAtMs });
      this.#urlsById.set(`${source.tenantId}/${source.id}`, url);
    }
  }

  /** The source with this id as it is at this moment, past what is remembered; `null` when it is deleted. */
  async loadAcrossTenants(tenantId: string, id: string): Promise<LiveSource | null> {
    return this.load('s.tenant_id = $1 and s.id = $2 and s.deleted_at is null', [tenantId, id]);
  }

  private isFresh(loadedAtMs: number, maxAgeMs: number): boolean {
    return Date.now() - loadedAtMs < (this.changes.isListening ? maxAgeMs : MAX_AGE_WHILE_DEAF_MS);
  }

  private forgetAll(): void {
    this.#known.clear();
    this.#unknown.clear();
    this.#byId.clear();
  }

  private forgetTenant(tenantId: string): void {
    for (const [url, { source }] of this.#known.entries())
      if (source.tenantId === tenantId) this.#known.delete(url);
  }

  private forgetSource({ key, newSlug }: Change): void {
    this.#byId.delete(key);
    const url = this.#urlsById.get(key);
    if (url !== undefined) this.#known.delete(url);
    if (newSlug === undefined) return;
    for (const unknown of this.#unknown.keys())
      if (unknown.endsWith(`/${newSlug}`)) this.#unknown.delete(unknown);
  }

  private async load(condition: string, parameters: readonly string[]): Promise<LiveSource | null> {
    const rows = await this.database.queryAcrossTenants<SourceRow>(
      `select s.tenant_id, s.id, s.slug, s.provider, s.config, t.rate_limit as tenant_rate_limit
       from tenants t join sources s on s.tenant_id = t.id
       -- One that is being erased has no key any more.
       where ${condition} and length(t.wrapped_key) > 0`,
      parameters,
    );
    const [row] = rows;
    const preset = row === undefined ? null : findPreset(row.provider);
    if (row === undefined || preset === null) return null;
    const secrets = await this.secrets.openActive(row.tenant_id, row.id);
    const scheme = schemeOf(preset, providerSettings(row.config));
    return {
      tenantId: row.tenant_id,
      id: row.id,
      slug: row.slug,
      preset,
      config: row.config,
      scheme,
      tokenHeaders: tokenHeadersOf(preset, scheme),
      dedupe: dedupeRule(preset, row.config.dedupe),
      urlTokens: needsUrlToken(row) ? await this.loadUrlTokens(row) : null,
      keys: secrets.flatMap((secret) => liveKey(secret, materialOf(secret, scheme))),
      bearerKeys: requiresBearer(row.config) ? await this.loadBearerKeys(row) : null,
      tenantRateLimit: row.tenant_rate_limit,
      dataKey: await this.tenantKeys.open(row.tenant_id),
    };
  }

  private async loadBearerKeys(row: SourceRow): Promise<LiveKey<Credential>[]> {
    const secrets = await this.secrets.openActive(row.tenant_id, row.id, 'bearer');
    return secrets.flatMap((secret) => liveKey(secret, secret.credential));
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
