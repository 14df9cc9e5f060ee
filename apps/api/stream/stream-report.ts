import { toUlid } from '#contract';
import type { Logger } from '#logging';
import { Counter, Gauge, type Registry } from '#metrics';
import type { OpenStream } from './open-stream.js';

/** Tells the log and the metrics of streams. */
export class StreamReport {
  readonly #ended: Counter;
  readonly #items: Counter;

  constructor(
    private readonly logger: Logger,
    registry: Registry,
    open: ReadonlySet<OpenStream>,
  ) {
    new Gauge({
      name: 'callbox_streams_open',
      help: 'Streams of events that are open in this process',
      registers: [registry],
      collect() {
        this.set(open.size);
      },
    });
    new Gauge({
      name: 'callbox_stream_unread_bytes',
      help: 'Written to open streams, and not taken by their clients yet',
      registers: [registry],
      collect() {
        this.set([...open].reduce((sum, { unreadBytes }) => sum + unreadBytes, 0));
      },
    });
    this.#ended = new Counter({
      name: 'callbox_streams_ended_total',
      help: 'Streams of events that have ended, by why',
      labelNames: ['reason'],
      registers: [registry],
    });
    this.#items = new Counter({
      name: 'callbox_stream_items_total',
      help: 'Events and rejections written to streams that have ended',
      registers: [registry],
    });
  }

  ended({ caller, ending, itemCount, openedAtMs }: OpenStream): void {
    const reason = ending ?? 'client_left';
    this.#ended.inc({ reason });
    this.#items.inc(itemCount);
    this.logger.info(
      {
        tenant_id: toUlid(caller.tenantId),
        api_key_id: toUlid(caller.apiKeyId),
        reason,
        items: itemCount,
        duration_ms: Math.round(performance.now() - openedAtMs),
      },
      'stream.ended',
    );
  }

  /** Nothing is lost by it: streams stay where they are and are moved on later. */
  failed(error: unknown): void {
    this.logger.error({ error }, 'streams.not_moved_on');
  }
}
