import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import type { EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '#config';
import { within } from './within.js';

const CHANNEL = 'callbox_changes';
/** Together under a second, so that a dead connection cannot hide a change for longer. */
const HEARTBEAT_EVERY_MS = 300;
const HEARTBEAT_TIMEOUT_MS = 400;
const RECONNECT_AFTER_MS = 200;
/**
 * Heartbeats between two trials of the announcements themselves. A pooler between here and PostgreSQL that hands out
 * connections by the transaction answers every question and passes on no notification.
 */
const HEARTBEATS_PER_TRIAL = 30;
const TRIAL_KIND = 'trial';

/** A row of configuration changed: `kind` is its table, `key` what listeners look it up by. */
export interface Change {
  readonly kind: string;
  readonly key: string;
  /** Of a row that was not there before: what it is found by. */
  readonly newSlug?: string;
}

/**
 * Tells every process of changed configuration by LISTEN/NOTIFY, sent with the commit of the change. Only rare
 * management writes notify: a notification takes a global lock at commit, so the hot path never sends one.
 */
@Injectable()
export class Changes implements OnModuleInit, OnApplicationShutdown {
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #heartbeats = 0;
  #trial: { readonly key: string; readonly heard: () => void } | undefined;
  #listeners: ((change: Change | 'unknown') => void)[] = [];

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** `false` while changes may go unheard; what is remembered must then be looked up afresh. */
  isListening = false;

  async onModuleInit(): Promise<void> {
    await this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#client?.end().catch(() => undefined);
  }

  /** Calls `listener` for every change, and with `unknown` when some may have been missed. */
  subscribe(listener: (change: Change | 'unknown') => void): void {
    this.#listeners.push(listener);
  }

  /** Announces a change with the commit of `manager`'s transaction. */
  async announce(manager: EntityManager, change: Change): Promise<void> {
    await manager.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(change)]);
  }

  private async connect(): Promise<void> {
    if (this.#stopped) return;
    const client = new pg.Client({
      connectionString: this.settings.databaseUrl,
      application_name: 'callbox-changes',
      connectionTimeoutMillis: 2_000,
      query_timeout: HEARTBEAT_TIMEOUT_MS,
      keepAlive: true,
    });
    client.on('error', () => this.lose(client));
    client.on('end', () => this.lose(client));
    client.on('notification', ({ payload }) => this.hear(JSON.parse(payload ?? '{}') as Change));
    this.#client = client;
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      await this.tryOut(client);
      this.isListening = true;
      this.tell('unknown');
      this.scheduleHeartbeat(client);
    } catch {
      this.lose(client);
    }
  }

  private scheduleHeartbeat(client: pg.Client): void {
    this.#timer = setTimeout(() => {
      this.#heartbeats += 1;
      const isTrial = this.#heartbeats % HEARTBEATS_PER_TRIAL === 0;
      (isTrial ? this.tryOut(client) : client.query('select 1')).then(
        () => this.scheduleHeartbeat(client),
        () => this.lose(client),
      );
    }, HEARTBEAT_EVERY_MS).unref();
  }

  private lose(client: pg.Client): void {
    if (this.#client !== client || this.#stopped) return;
    this.#client = undefined;
    this.isListening = false;
    this.tell('unknown');
    client.end().catch(() => undefined);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.connect(), RECONNECT_AFTER_MS).unref();
  }

  /** Announces something to itself; rejects unless it is heard. */
  private async tryOut(client: pg.Client): Promise<void> {
    const key = randomUUID();
    const heard = new Promise<void>((resolve) => (this.#trial = { key, heard: resolve }));
    await client.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify({ kind: TRIAL_KIND, key })]);
    await within(HEARTBEAT_TIMEOUT_MS, heard);
  }

  private hear(change: Change): void {
    if (change.kind !== TRIAL_KIND) this.tell(change);
    else if (change.key === this.#trial?.key) this.#trial.heard();
  }

  private tell(change: Change | 'unknown'): void {
    for (const listener of this.#listeners) listener(change);
  }
}
