import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { DiskSpace } from '#database';
import { Gauge, METRICS, type Registry } from '#metrics';
import type { LiveSource } from '#sources';
import { Admission } from './admission.js';
import { BodyMemory } from './body-memory.js';
import { CallbackRates } from './callback-rates.js';
import { type BodyReading, readBody } from './read-body.js';
import { TrustedProxies } from './remote-address.js';
import { TurnAway } from './turn-away.js';
import { Turnstile } from './turnstile.js';

/** How many bodies of the largest size there must be room for, whatever the settings say. */
const LARGEST_BODIES = 2;

/** Decides who may come in: by what is in flight, by memory and disk, and by the rate limits of sources and tenants. */
@Injectable()
export class Door implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #admission: Admission;
  readonly #memory: BodyMemory;
  readonly #rates: CallbackRates;
  readonly #turnAway = new TurnAway();
  readonly #turnstile = new Turnstile();
  readonly #proxies: TrustedProxies;
  readonly #timer: NodeJS.Timeout;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(METRICS) metrics: Registry,
    private readonly disk: DiskSpace,
  ) {
    const { limits, maxBodyBytes } = settings;
    this.#admission = new Admission(limits.targetWaitMs);
    const bodyMemoryBytes = Math.max(limits.bodyMemoryBytes, LARGEST_BODIES * maxBodyBytes);
    this.#memory = new BodyMemory({ ...limits, bodyMemoryBytes }, this.#admission);
    this.#rates = new CallbackRates(settings);
    this.#proxies = new TrustedProxies(settings.trustedProxies);
    this.#timer = setInterval(() => this.check(), limits.checkEveryMs).unref();
    this.measure(metrics);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Answers one who may not come in. */
  turnAway(request: IncomingMessage, response: ServerResponse): void {
    this.#turnAway.answer(request, response);
  }

  /** Lets those go who are waiting to be told that they may not come in, and those in who are waiting for that. */
  beforeApplicationShutdown(): void {
    this.#turnAway.answerAll();
    this.#turnstile.open();
  }

  /** `false`: nobody may come in now, whoever it is. */
  get isOpen(): boolean {
    return this.#admission.hasRoom && !this.disk.isShort;
  }

  /** Takes notice of a new connection. */
  connect(): void {
    this.#turnstile.connect();
  }

  /** Begins a request's stay. */
  enter(): void {
    this.#turnstile.enter();
  }

  /** Seconds until the rate limits of a source let this sender in; 0: now. */
  waitFor(source: LiveSource, request: IncomingMessage): number {
    if (!this.#rates.isLimited(source)) return 0;
    return this.#rates.waitSeconds(source, this.#proxies.remoteAddressOf(request));
  }

  /** As {@link waitFor}, and counts the callback, which has been verified. */
  countVerified(source: LiveSource, request: IncomingMessage): number {
    if (!this.#rates.isLimited(source)) return 0;
    return this.#rates.accept(source, this.#proxies.remoteAddressOf(request));
  }

  /** Counts a callback that could not be verified. */
  countRefused(source: LiveSource, request: IncomingMessage): void {
    if (this.#rates.isLimited(source)) this.#rates.refuse(source, this.#proxies.remoteAddressOf(request));
  }

  /** Reads a body into the memory that is kept for bodies; {@link leave} gives it back. */
  readBody(request: IncomingMessage): Promise<BodyReading> {
    this.#turnAway.take();
    return readBody(request, this.settings.maxBodyBytes, this.#memory);
  }

  /** Ends a request's stay, once it has been answered. */
  leave(request: IncomingMessage): void {
    this.#memory.release(request);
    this.#turnstile.leave(request.socket);
  }

  /** Takes notice of an error of the store. */
  noteError(error: unknown): void {
    this.disk.noteError(error);
  }

  private check(): void {
    this.#memory.cutSlowOnes();
    this.#turnstile.callInOverdue();
  }

  private measure(metrics: Registry): void {
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [metrics],
        collect() {
          this.set(value());
        },
      });
    };
    gauge('callbox_callbacks_in_flight', 'Callbacks between their last byte and their answer', () => {
      return this.#admission.inFlight;
    });
    gauge('callbox_callbacks_in_flight_limit', 'How many of them there may be, by the store’s pace', () => {
      return Math.floor(this.#admission.most);
    });
    gauge('callbox_connections_waiting', 'Connections whose next callback is left in their sockets', () => {
      return this.#turnstile.waiting;
    });
    gauge('callbox_body_memory_bytes', 'Memory that bodies of callbacks take', () => this.#memory.inUseBytes);
  }
}
