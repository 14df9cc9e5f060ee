import { LRUCache } from 'lru-cache';
import { AskingBudget } from './asking-budget.js';
import type { OutboundClient } from './outbound-client.js';
import type { HeaderList } from './request-headers.js';

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

/** How to ask where a plain GET will not do. It may hold credentials: nothing of it is logged, and they name no entry. */
export interface DocumentQuestion {
  readonly method: 'GET' | 'POST';
  readonly headers: HeaderList;
  readonly body: string;
  /** Who asks, as a digest: what one account gets, no other one is given. */
  readonly account: string;
  /** Which of the account's documents at this URL. */
  readonly name: string;
}

/** Documents that others publish, such as sets of keys: fetched through the guarded client, kept for ten minutes. */
export class DocumentCache {
  readonly #entries = new LRUCache<string, Entry>({ max: MOST_DOCUMENTS });
  readonly #budget = new AskingBudget();

  constructor(
    private readonly client: OutboundClient,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * The document at `url`, or `null` when it cannot be had. The same bytes are the same Buffer for as long as they are kept.
   *
   * @param wanted `refreshed`: what is kept lacks something, so fetch it again unless that was done a moment ago
   * @param question absent: a plain GET that anybody may ask
   */
  async get(
    url: string,
    wanted: 'cached' | 'refreshed',
    question?: DocumentQuestion,
  ): Promise<Buffer | null> {
    const key = question === undefined ? url : JSON.stringify([url, question.account, question.name]);
    const entry = this.#entries.get(key) ?? newEntry();
    const now = this.nowMs();
    const isFresh = entry.document !== null && now - entry.fetchedAtMs < MAX_AGE_MS;
    if (entry.fetching === null && (wanted === 'refreshed' || !isFresh) && this.mayFetch(entry, question)) {
      // Only what was asked for is remembered: names that strangers make up push nothing out beyond their budget.
      this.#entries.set(key, entry);
      entry.fetching = this.fetch(url, entry, question).finally(() => {
        entry.fetching = null;
      });
    }
    if (wanted === 'refreshed' || !isFresh) await entry.fetching;
    return entry.document;
  }

  private mayFetch(entry: Entry, question: DocumentQuestion | undefined): boolean {
    const now = this.nowMs();
    if (now - entry.triedAtMs < COOLDOWN_MS) return false;
    return question === undefined || this.#budget.take(question.account, now);
  }

  private async fetch(url: string, entry: Entry, question: DocumentQuestion | undefined): Promise<void> {
    entry.triedAtMs = this.nowMs();
    const { method = 'GET', headers = [], body = '' } = question ?? {};
    const result = await this.client.send({
      method,
      url,
      headers: [['Accept', 'application/json, */*'], ...headers],
      body: Buffer.from(body),
      timeoutMs: FETCH_TIMEOUT_MS,
      maxResponseBytes: MAX_DOCUMENT_BYTES,
    });
    if (!result.ok || result.statusCode !== 200 || result.truncated) return;
    entry.document = entry.document?.equals(result.body) === true ? entry.document : result.body;
    entry.fetchedAtMs = this.nowMs();
  }
}

function newEntry(): Entry {
  return { document: null, fetchedAtMs: 0, triedAtMs: -Infinity, fetching: null };
}
