import { statfs } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';

const LOOK_EVERY_MS = 1_000;
/** A database of one's own says so by an error. It is tried again after this time: whoever is let in then finds out. */
const BELIEVE_ERROR_FOR_MS = 2_000;
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
  #believedFullUntilMs = 0;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** While it is so nothing new is to be stored. */
  get isShort(): boolean {
    return this.#isBelowReserve || (this.#believedFullUntilMs > 0 && Date.now() < this.#believedFullUntilMs);
  }

  async onModuleInit(): Promise<void> {
    const { databaseDir } = this.settings;
    if (databaseDir === undefined) return;
    await this.look(databaseDir);
    this.#timer = setInterval(() => void this.look(databaseDir), LOOK_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Takes notice of an error of the database; others than a full disk are none of its business. */
  noteError(error: unknown): void {
    if ((error as { code?: unknown } | null | undefined)?.code === DISK_FULL)
      this.#believedFullUntilMs = Date.now() + BELIEVE_ERROR_FOR_MS;
  }

  private async look(folder: string): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(folder);
      this.#isBelowReserve = bavail * bsize < this.settings.diskReserveBytes;
    } catch {
      // A file system that cannot tell is not known to be full; if it is, PostgreSQL will say so.
      this.#isBelowReserve = false;
    }
  }
}
