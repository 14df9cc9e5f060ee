import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Changes, Database, within } from '#database';
import { findPreset, header, json, type ProviderPreset, schemeOf } from '#providers';
import { type ActiveSecret, CallbackSecrets } from '#secrets';
import type { Credential, Scheme } from '#signatures';
import { TenantKeys } from '#tenants';
import type { LiveKey, LiveSource } from './live-source.js';
import { providerSettings, requiresBearer } from './provider-settings.js';
import { needsUrlToken, UrlTokens } from './url-tokens.js';
import type { DedupeConfig, SourceConfig } from './source.entity.js';

const MOST_SOURCES = 20_000;
const MOST_UNKNOWN_URLS = 20_000;
/** Every change is announced; this only bounds what a lost announcement could do while the connection stands. */
const MAX_AGE_MS = 10_000;
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
}

interface Remembered {
  readonly loading: Promise<LiveSource | null>;
  readonly loadedAtMs: number;
  /** What was loaded; `undefined` until it is. */
  source?: LiveSource | null;
}

/** Finds the source of an ingest URL, with its decrypted secrets, in memory. */
@Injectable()
export class LiveSources {
  readonly #known = new LRUCache<string, Remembered>({ max: MOST_SOURCES });
  /** Unknown URLs are remembered apart, so that a scan of made-up URLs cannot push real sources out. */
  readonly #unknown = new LRUCache<string, Remembered>({ max: MOST_UNKNOWN_URLS });
  /** Where a source's entry is: `tenant id/source id` to its URL. */
  readonly #urlsById = new LRUCache<string, string>({ max: MOST_SOURCES });
  /** For signing deliveries: by `tenant id/source id`, deleted sources too. */
  readonly #byId = new LRUCache<string, Remembered>({ max: MOST_SOURCES });

  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly secrets: CallbackSecrets,
    private readonly tenantKeys: TenantKeys,
    private readonly urlTokens: UrlTokens,
  ) {
    changes.subscribe((change) => {
      this.#unknown.clear();
      if (change === 'unknown' || change.kind === 'tenant') {
        this.#known.clear();
        this.#byId.clear();
      } else if (change.kind === 'source') this.forget(change.key);
    });
  }

  /** The source with this id, a deleted one too: its events can still be delivered again. `null` when it is gone. */
  async findByIdAcrossTenants(tenantId: string, id: string): Promise<LiveSource | null> {
    const key = `${tenantId}/${id}`;
    const remembered = this.#byId.get(key);
    if (remembered !== undefined && this.isFresh(remembered)) return remembered.loading;
    const loading = this.load('s.tenant_id = $1 and s.id = $2', [tenantId, id]);
    this.#byId.set(key, { loading, loadedAtMs: Date.now() });
    loading.catch(() => this.#byId.delete(key));
    return loading;
  }

  /** The source at `/in/{tenantSlug}/{sourceSlug}`, or `null`; a promise only while it is being looked up. */
  findByUrlAcrossTenants(
    tenantSlug: string,
    sourceSlug: string,
  ): LiveSource | null | Promise<LiveSource | null> {
    const url = `${tenantSlug}/${sourceSlug}`;
    const remembered = this.#known.get(url) ?? this.#unknown.get(url);
    if (remembered === undefined || !this.isFresh(remembered)) return this.look(url, tenantSlug, sourceSlug);
    return remembered.source === undefined ? remembered.loading : remembered.source;
  }

  private async look(url: string, tenantSlug: string, sourceSlug: string): Promise<LiveSource | null> {
    const loading = within(
      LOAD_TIMEOUT_MS,
      this.load('t.slug = $1 and s.slug = $2 and s.deleted_at is null', [tenantSlug, sourceSlug]),
    );
    const entry: Remembered = { loading, loadedAtMs: Date.now() };
    // Concurrent callbacks share one look-up; a change that is announced meanwhile removes the entry.
    this.#known.set(url, entry);
    try {
      const source = await loading;
      entry.source = source;
      if (source === null) this.moveToUnknown(url, entry);
      else this.#urlsById.set(`${source.tenantId}/${source.id}`, url);
      return source;
    } catch (error) {
      if (this.#known.peek(url) === entry) this.#known.delete(url);
      throw error;
    }
  }

  private isFresh({ loadedAtMs }: Remembered): boolean {
    return Date.now() - loadedAtMs < (this.changes.isListening ? MAX_AGE_MS : MAX_AGE_WHILE_DEAF_MS);
  }

  private moveToUnknown(url: string, entry: Remembered): void {
    if (this.#known.peek(url) !== entry) return;
    this.#known.delete(url);
    this.#unknown.set(url, entry);
  }

  private forget(id: string): void {
    this.#byId.delete(id);
    const url = this.#urlsById.get(id);
    if (url !== undefined) this.#known.delete(url);
    // While a source is being loaded for the first time its URL is not known by id yet.
    else this.#known.clear();
  }

  private async load(condition: string, parameters: readonly string[]): Promise<LiveSource | null> {
    const rows = await this.database.queryAcrossTenants<SourceRow>(
      `select s.tenant_id, s.id, s.slug, s.provider, s.config
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
      unused: secret.last_verified_at === null,
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
