import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Change, Changes, within } from '#database';
import type { LiveSource } from './live-source.js';
import { LOAD_TIMEOUT_MS, type Slugs, SourceLoader } from './source-loader.js';

/** Under 2 KB each. */
const MOST_SOURCES = 50_000;
/** Those whose events are being delivered. */
const MOST_SOURCES_BY_ID = 20_000;
const MOST_UNKNOWN_URLS = 20_000;
/** Every change is announced, and the announcements are tried out; this only bounds what is not foreseen. */
const MAX_AGE_MS = 5 * 60_000;
const MAX_AGE_OF_UNKNOWN_MS = 10_000;
const MAX_AGE_WHILE_DEAF_MS = 500;

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
  /** For signing deliveries: by `tenant id/source id`, deleted sources too. */
  readonly #byId = new LRUCache<string, RememberedById>({ max: MOST_SOURCES_BY_ID });

  constructor(
    private readonly changes: Changes,
    private readonly loader: SourceLoader,
  ) {
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
    const loading = this.loader.load(tenantId, id).then((loaded) => loaded?.source ?? null);
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
    const loading = within(LOAD_TIMEOUT_MS, this.loader.loadAtAcrossTenants(slugs));
    this.#loading.set(url, loading);
    const end = (source?: LiveSource | null): void => {
      if (this.#loading.get(url) !== loading) return;
      this.#loading.delete(url);
      if (source !== undefined) this.remember(url, source, loadedAtMs);
    };
    loading.then(end, () => end());
    return loading;
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
    const loaded = await this.loader.load(tenantId, id);
    return loaded === null || loaded.isDeleted ? null : loaded.source;
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
}
