import type { ServerResponse } from 'node:http';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { EventLog, type Place } from '#events';
import { LOGGER, type Logger } from '#logging';
import { METRICS, type Registry } from '#metrics';
import { Authenticator, type Caller } from '#tenants';
import type { Audience } from './frames.js';
import { OpenStream } from './open-stream.js';
import { Pump } from './pump.js';
import { Quota, tooMany } from './quota.js';
import { Rhythm } from './rhythm.js';
import { StreamReader } from './stream-reader.js';
import { StreamReport } from './stream-report.js';

/** A stream that may be opened: its place in the order is known, and it has a place among those of the process. */
export interface Admitted {
  readonly place: Place;
  /** Takes over the response; `headers` go before the stream. */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>): void;
  /** Gives its place back instead. */
  decline(): void;
}

/** The streams that this process holds open. Nothing is done, and the database not asked, while there are none. */
@Injectable()
export class Streams implements OnModuleDestroy, OnApplicationShutdown {
  readonly #open = new Set<OpenStream>();
  readonly #quota: Quota;
  readonly #rhythm: Rhythm;
  readonly #report: StreamReport;
  #isStopping = false;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) logger: Logger,
    @Inject(METRICS) metrics: Registry,
    private readonly reader: StreamReader,
    authenticator: Authenticator,
    eventLog: EventLog,
  ) {
    this.#quota = new Quota(settings);
    this.#report = new StreamReport(logger, metrics, this.#open);
    const pump = new Pump(this.#open, reader, authenticator);
    this.#rhythm = new Rhythm({
      work: () => pump.turn(),
      isNeeded: () => this.#open.size > 0,
      onError: (error) => this.#report.failed(error),
    });
    eventLog.onStored((batch) => {
      if (this.#open.size > 0 && batch.some(({ tenantId }) => this.#quota.has(tenantId)))
        this.#rhythm.nudge();
    });
  }

  /** At the very beginning of the end: clients go on at another process, or here when it is back. */
  onModuleDestroy(): void {
    this.#isStopping = true;
    for (const stream of this.#open) stream.end('process_stopping');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rhythm.stop();
    await this.reader.close();
  }

  /** Lets `caller` in, after `lastEventId`, or throws the problem to answer with. */
  async admit(caller: Caller, audience: Audience, lastEventId: string | null): Promise<Admitted> {
    const giveBack = this.#quota.take(caller.tenantId);
    try {
      const place = await this.reader.begin(caller.tenantId, lastEventId);
      // After this nothing waits: a process that begins to stop sees either the stream or nothing of it.
      if (this.#isStopping) throw tooMany();
      return {
        place,
        open: (response, headers) => this.open(response, { caller, audience, place, headers, giveBack }),
        decline: giveBack,
      };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  private open(response: ServerResponse, admitted: Opening): void {
    const { caller, audience, place, headers, giveBack } = admitted;
    if (response.destroyed) return giveBack();
    response.writeHead(200, headers);
    const stream = new OpenStream(caller, audience, place, response);
    this.#open.add(stream);
    response.once('close', () => {
      this.#open.delete(stream);
      giveBack();
      this.#report.ended(stream);
    });
    response.on('drain', () => {
      if (stream.isBehind) this.#rhythm.nudge();
    });
    // A connection that breaks is told by `close`, too.
    response.on('error', () => undefined);
    this.#rhythm.nudge();
  }
}

interface Opening {
  readonly caller: Caller;
  readonly audience: Audience;
  readonly place: Place;
  readonly headers: Readonly<Record<string, string>>;
  readonly giveBack: () => void;
}
