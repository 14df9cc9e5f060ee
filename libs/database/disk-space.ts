import { statfs } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { LOGGER, type Logger } from '#logging';

const LOOK_EVERY_MS = 1_000;
/** A database of one's own says so by an error. It is tried again after this time: whoever is let in then finds out. */
const BELIEVE_ERROR_FOR_MS = 2_000;
/** Whoever is let in then may find it full once more; when nobody has for so long, the log is told that it is over. */
const OVER_AFTER_MS = 10_000;
/** PostgreSQL's `disk_full`. */
const DISK_FULL = '53100';

/**
 * Whether the disk of the database is full, or has come down to the reserve that is kept for deliveries, deletions and
 * PostgreSQL itself. The disk of the embedded database is looked at; one elsewhere is known by its errors only.
 */
@Injectable()
export class DiskSpace implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #isBelowReserve = false;
  /** 0: the database has not said so yet. */
  #saidFullAtMs = 0;
  #isTold = false;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** While it is so nothing new is to be stored. */
  get isShort(): boolean {
    return this.#isBelowReserve || this.saidFullWithin(BELIEVE_ERROR_FOR_MS);
  }

  async onModuleInit(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Takes notice of an error of the database; others than a full disk are none of its business. */
  noteError(error: unknown): void {
    if ((error as { code?: unknown } | null | undefined)?.code === DISK_FULL) this.#saidFullAtMs = Date.now();
  }

  /** Looks at the disk, and tells the log when it has become short or has room again: once, not per request. */
  async look(): Promise<void> {
    const { databaseDir, diskReserveBytes } = this.settings;
    const freeBytes = databaseDir === undefined ? null : await freeBytesOf(databaseDir);
    this.#isBelowReserve = freeBytes !== null && freeBytes < diskReserveBytes;
    const isShort = this.#isBelowReserve || this.saidFullWithin(OVER_AFTER_MS);
    if (isShort === this.#isTold) return;
    this.#isTold = isShort;
    const facts = freeBytes === null ? {} : { free_bytes: freeBytes, reserve_bytes: diskReserveBytes };
    if (!isShort) return this.logger.info(facts, 'database.disk_has_room');
    const reason = this.#isBelowReserve ? 'reserve_reached' : 'database_says_full';
    this.logger.warn({ reason, ...facts }, 'database.disk_short');
  }

  private saidFullWithin(ms: number): boolean {
    return this.#saidFullAtMs > 0 && Date.now() < this.#saidFullAtMs + ms;
  }
}

/** A file system that cannot tell is not known to be full (`null`); if it is, PostgreSQL will say so. */
async function freeBytesOf(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
