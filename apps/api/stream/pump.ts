import { setImmediate as nextTurn } from 'node:timers/promises';
import { Authenticator } from '#tenants';
import type { Cursor } from './feed.js';
import { PageWriter } from './frames.js';
import { LastingHorizon } from './lasting-horizon.js';
import type { Page } from './merge-pages.js';
import type { OpenStream } from './open-stream.js';
import type { StreamReader } from './stream-reader.js';

const CHECK_KEYS_EVERY_MS = 1_000;
const CURSORS_AT_ONCE = 100;
const AFTER_NOT_SHOWN_MS = 1_000;
/** Of all streams together; beyond that only those get more whose client has taken everything. */
const MOST_UNREAD_BYTES_IN_ALL = 32 * 1024 * 1024;
/** So long may writing hold up everything else that this process does. */
const MOST_BUSY_MS = 10;

interface Group {
  readonly cursor: Cursor;
  readonly streams: OpenStream[];
}

/**
 * Moves all streams of a process on. Each has its own place in the order, and those of a tenant that are at the same
 * one, as nearly all of them are, are read for once. A stream that resumes or lags behind differs in its place alone.
 */
export class Pump {
  #keysCheckedAtMs = -Infinity;
  #horizon = 0n;
  readonly #lasting = new LastingHorizon();
  /** Whether the turn before was broken off. */
  #isBroken = false;
  #busySinceMs = 0;

  constructor(
    private readonly streams: ReadonlySet<OpenStream>,
    private readonly reader: StreamReader,
    private readonly authenticator: Authenticator,
  ) {}

  /** One turn; `true` when there is more to read at once. */
  async turn(): Promise<boolean> {
    const nowMs = performance.now();
    for (const stream of this.streams) stream.keepUp(nowMs, this.#lasting.value);
    const wasBroken = this.#isBroken;
    this.#isBroken = true;
    // Before anything is given away: while keys cannot be checked, nothing is.
    if (nowMs - this.#keysCheckedAtMs >= CHECK_KEYS_EVERY_MS) await this.checkKeys(nowMs);
    const { horizon } = await this.reader.look();
    // The database behind the connection is another one, whose numbers say nothing about our places.
    if (horizon < this.#horizon) for (const stream of this.streams) stream.end('order_lost');
    this.#horizon = horizon;
    if (wasBroken) for (const stream of this.streams) stream.goBack(this.#lasting.value);
    this.#lasting.see(horizon, nowMs);
    const hasMore = await this.advanceAll(horizon);
    this.#isBroken = false;
    return hasMore;
  }

  private async advanceAll(horizon: bigint): Promise<boolean> {
    let hasMore = false;
    const groups = this.groupsBefore(horizon);
    for (let at = 0; at < groups.length; at += CURSORS_AT_ONCE)
      if (await this.advance(groups.slice(at, at + CURSORS_AT_ONCE), horizon)) hasMore = true;
    return hasMore;
  }

  private async checkKeys(nowMs: number): Promise<void> {
    const keys = new Map([...this.streams].map(({ caller }) => [caller.apiKeyId, caller]));
    const good = await this.authenticator.stillGoodAcrossTenants([...keys.values()]);
    // One that was opened meanwhile has been authenticated meanwhile.
    for (const stream of this.streams)
      if (keys.has(stream.caller.apiKeyId) && !good.has(stream.caller.apiKeyId)) stream.end('key_refused');
    this.#keysCheckedAtMs = nowMs;
  }

  private groupsBefore(horizon: bigint): Group[] {
    const groups = new Map<string, Group>();
    for (const stream of this.streams) {
      const { place, caller } = stream;
      if (place.storedIn >= horizon || !stream.isReady()) continue;
      const key = `${caller.tenantId}/${place.storedIn}/${place.id}`;
      const group = groups.get(key);
      if (group === undefined)
        groups.set(key, { cursor: { tenantId: caller.tenantId, after: place }, streams: [stream] });
      else group.streams.push(stream);
    }
    return [...groups.values()];
  }

  private async advance(groups: readonly Group[], horizon: bigint): Promise<boolean> {
    const mostUnreadBytes = this.isFull() ? 0 : undefined;
    const ready = groups
      .map(({ cursor, streams }) => ({
        cursor,
        streams: streams.filter((stream) => stream.isReady(mostUnreadBytes)),
      }))
      .filter(({ streams }) => streams.length > 0);
    if (ready.length === 0) return false;
    const pages = await this.reader.readAcrossTenants(
      ready.map(({ cursor }) => cursor),
      horizon,
    );
    this.#busySinceMs = performance.now();
    let hasMore = false;
    for (const [index, { streams }] of ready.entries()) {
      const page = pages[index] ?? null;
      if (page === null) for (const stream of streams) stream.waitFor(AFTER_NOT_SHOWN_MS);
      else if (await this.give(page, streams)) hasMore = true;
    }
    return hasMore;
  }

  private isFull(): boolean {
    let unreadBytes = 0;
    for (const stream of this.streams) unreadBytes += stream.unreadBytes;
    return unreadBytes > MOST_UNREAD_BYTES_IN_ALL;
  }

  /** `true` when there is more for one of the streams. */
  private async give(page: Page, streams: readonly OpenStream[]): Promise<boolean> {
    const writer = new PageWriter(page);
    let hasMore = false;
    for (const stream of streams) {
      if (stream.ending !== null) continue;
      const frames = writer.framesFor(stream.audience);
      stream.advance(frames);
      if (frames.isCut) hasMore = true;
      if (performance.now() - this.#busySinceMs > MOST_BUSY_MS) await this.letOthersWork();
    }
    return hasMore;
  }

  private async letOthersWork(): Promise<void> {
    await nextTurn();
    this.#busySinceMs = performance.now();
  }
}
