import { LRUCache } from 'lru-cache';
import type { OutboundClient } from './outbound-client.js';

const FETCH_TIMEOUT_MS = 5_000;
const MAX_DOCUMENT_BYTES = 65_536;
const MAX_AGE_MS = 10 * 60_000;
/** However many strangers present unknown key ids, a document is fetched at most this often. */
const COOLDOWN_MS = 30_000;
const MOST_DOCUMENTS = 1_000;

interface Entry {
  /** The newest that was fetched well; kept while its publisher is away. */
  document: Buffer | null;
  fetchedAtMs: number;
  triedAtMs: number;
  fetching: Promise<void> | null;
}

/** Documents that others publish, such as sets of keys: fetched through the guarded client, kept for ten minutes. */
export class DocumentCache {
  readonly #entries = new LRUCache<string, Entry>({ max: MOST_DOCUMENTS });

  constructor(
    private readonly client: OutboundClient,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * The document at `url`, or `null` when it cannot be had. The same bytes are the same Buffer for as long as they are kept.
   *
   * @param wanted `refreshed`: what is kept lacks something, so fetch it again unless that was done a moment ago
   */
  async get(url: string, wanted: 'cached' | 'refreshed'): Promise<Buffer | null> {
    const entry = this.#entries.get(url) ?? {
      document: null,
      fetchedAtMs: 0,
      triedAtMs: -Infinity,
      fetching: null,
    };
    this.#entries.set(url, entry);
    const now = this.nowMs();
    const isFresh = entry.document !== null && now - entry.fetchedAtMs < MAX_AGE_MS;
    const mayTry = now - entry.triedAtMs >= COOLDOWN_MS;
    if ((wanted === 'refreshed' || !isFresh) && (mayTry || entry.fetching !== null)) {
      entry.fetching ??= this.fetch(url, entry).finally(() => {
        entry.fetching = null;
      });
      await entry.fetching;
    }
    return entry.document;
  }

  private async fetch(url: string, entry: Entry): Promise<void> {
    entry.triedAtMs = this.nowMs();
    const result = await this.client.send({
      method: 'GET',
      url,
      headers: [['Accept', 'application/json, */*']],
      body: Buffer.alloc(0),
      timeoutMs: FETCH_TIMEOUT_MS,
      maxResponseBytes: MAX_DOCUMENT_BYTES,
    });
    if (!result.ok || result.statusCode !== 200 || result.truncated) return;
    entry.document = entry.document?.equals(result.body) === true ? entry.document : result.body;
    entry.fetchedAtMs = this.nowMs();
  }
}
