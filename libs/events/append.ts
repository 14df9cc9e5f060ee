import type pg from 'pg';
import type { EntityManager } from 'typeorm';
import { type BinaryParameter, CompositeArray, HeldConnection, uuidArray } from '#database';
import type { NewEvent } from './new-event.js';

const LARGE_BODY_BYTES = 8_192;
/** Of such bodies on average: to compress them keeps PostgreSQL busy for so long that two batches side by side are quicker. */
const HEAVY_BODY_BYTES = 32_768;
const FIRST_MEMORY_BYTES = 65_536;
const MOST_MEMORY_BYTES = 1_048_576;

const findRowType = `select 'incoming_event'::regtype::oid as oid`;

/** A row of the statement's answer: a duplicate with the first event's id, or {@link OWED}. */
interface Answer {
  readonly id: string | null;
  readonly event_id: string;
}

/** In place of an id: the statement has stored obligations to deliver. */
const OWED = null;

/** What became of an event: stored, or recognised as one that is there already (`id` is the first one's). */
export interface Appended {
  readonly status: 'accepted' | 'duplicate';
  readonly id: string;
}

/** What became of a batch. */
export interface AppendedBatch {
  /** One for each event, in their order. */
  readonly appended: Appended[];
  /** Whether some of them are owed to destinations. */
  readonly isOwed: boolean;
}

/** A connection, and how many batches are being written over it. */
interface Writer {
  readonly connection: HeldConnection;
  underWay: number;
}

/** What one statement's parameters are written into. */
interface Memory {
  rows: Buffer;
  bodies: Buffer;
}

/**
 * Stores batches of events with their contents, dedupe keys and obligations to be delivered, each in one statement and
 * so in one commit. This is the place where a replicated log could stand in front of PostgreSQL.
 *
 * Few, large, binary parameters make it fast: everything small in one array of rows, and all bodies concatenated into
 * one value that the statement cuts apart. As JSON the rows cost PostgreSQL a third more time for the whole event,
 * and arrays of bodies, which the driver writes as hex strings, twice as much.
 */
export class Appender {
  /** The second one is for heavy batches that find the first one busy; light ones are quicker one behind the other. */
  readonly #writers: readonly [Writer, Writer];
  /**
   * Used for one batch after the other. V8 counts memory of buffers as a reason to collect all garbage: with a new one for
   * each batch it did so three times a second, for 40 ms each.
   */
  readonly #spare: Memory[] = [];
  #rowType: number | undefined;

  constructor(pool: pg.Pool) {
    this.#writers = [
      { connection: new HeldConnection(pool), underWay: 0 },
      { connection: new HeldConnection(pool), underWay: 0 },
    ];
  }

  async append(batch: readonly NewEvent[]): Promise<AppendedBatch> {
    const leaders = leadersOf(batch);
    const rows = [...new Set(leaders)];
    const repeated = uuidArray(
      leaders.filter((leader, index) => leader !== batch[index]).map(({ id }) => id),
    );
    this.#rowType ??= await this.findRowType();
    const memory = this.#spare.pop() ?? newMemory();
    const answers = await this.execute(this.writerOf(rows), [
      [encode(rows, this.#rowType, memory)],
      bodiesOf(rows, memory),
      [repeated],
    ]);
    // It has answered, so it has read all. After a failure some of it may still be on its way.
    this.putBack(memory);
    const firstIds = new Map(answers.map(({ id, event_id }) => [id, event_id]));
    const appended = batch.map((event, index) => {
      const leader = leaders[index] ?? event;
      return outcomeOf(event, firstIds.get(leader.id) ?? leader.id);
    });
    return { appended, isOwed: firstIds.has(OWED) };
  }

  release(): void {
    for (const { connection } of this.#writers) connection.release();
  }

  private writerOf(rows: readonly NewEvent[]): Writer {
    const [first, second] = this.#writers;
    if (first.underWay === 0) return first;
    const bytes = rows.reduce((sum, { body }) => sum + body.length, 0);
    return second.underWay === 0 && bytes >= rows.length * HEAVY_BODY_BYTES ? second : first;
  }

  private async execute(writer: Writer, parameters: readonly BinaryParameter[]): Promise<Answer[]> {
    writer.underWay += 1;
    try {
      const statement = { name: 'append-events', text: appendEvents };
      return (await writer.connection.execute<Answer>(statement, parameters)).rows;
    } finally {
      writer.underWay -= 1;
    }
  }

  private putBack(memory: Memory): void {
    if (Math.max(memory.rows.length, memory.bodies.length) <= MOST_MEMORY_BYTES) this.#spare.push(memory);
  }

  private async findRowType(): Promise<number> {
    const { rows } = await this.#writers[0].connection.query<{ oid: number }>(findRowType);
    return rows[0]?.oid ?? 0;
  }
}

/** Stores one event within a transaction of its tenant, as {@link Appender} does. */
export async function appendWithin(manager: EntityManager, event: NewEvent): Promise<Appended> {
  const [rowType] = await manager.query<{ oid: number }[]>(findRowType);
  const answers = await manager.query<Answer[]>(appendEvents, [
    encode([event], rowType?.oid ?? 0, newMemory()),
    event.body,
    uuidArray([]),
  ]);
  return outcomeOf(event, answers.find(({ id }) => id === event.id)?.event_id ?? event.id);
}

function outcomeOf({ id }: NewEvent, firstId: string): Appended {
  return { status: firstId === id ? 'accepted' : 'duplicate', id: firstId };
}

/** For each event the first of the batch with its dedupe key: a statement may not touch the same key twice. */
function leadersOf(batch: readonly NewEvent[]): NewEvent[] {
  const byKey = new Map<string, NewEvent>();
  return batch.map((event) => {
    if (event.dedupe === null) return event;
    const key = `${event.tenantId}/${event.sourceId}/${event.dedupe.key}`;
    const leader = byKey.get(key) ?? event;
    byKey.set(key, leader);
    return leader;
  });
}

/** In the order of the columns of `incoming_event`. */
function encode(events: readonly NewEvent[], rowType: number, memory: Memory): Buffer {
  const array = new CompositeArray(rowType, events.length, memory.rows);
  let bodyOffset = 1;
  for (const event of events) {
    array
      .row(21)
      .uuid(event.tenantId)
      .uuid(event.id)
      .uuid(event.sourceId)
      .text(event.provider)
      .text(event.type)
      .text(event.providerEventId)
      .text(event.runId)
      .time(event.receivedAtMs)
      .text(event.method)
      .text(event.path)
      .text(event.query)
      .text(event.contentType)
      .jsonb(event.headers)
      .bytes(event.sensitiveHeaders)
      .integer(bodyOffset)
      .integer(event.body.length)
      .text(event.scheme)
      .uuid(event.secretId)
      .time(event.signedAtMs)
      .text(event.dedupe?.key ?? null)
      .integer(event.dedupe?.windowSeconds ?? null);
    bodyOffset += event.body.length;
  }
  memory.rows = array.memory;
  return array.finish();
}

/** All bodies, one after another. Small ones are copied together: to write each by itself costs more than that. */
function bodiesOf(events: readonly NewEvent[], memory: Memory): Buffer[] {
  const isSmall = ({ body }: NewEvent): boolean => body.length < LARGE_BODY_BYTES;
  const smallBytes = events.reduce((sum, event) => sum + (isSmall(event) ? event.body.length : 0), 0);
  if (smallBytes > memory.bodies.length) memory.bodies = Buffer.allocUnsafe(smallBytes);
  const pieces: Buffer[] = [];
  let [start, end] = [0, 0];
  for (const event of events) {
    if (isSmall(event)) end += event.body.copy(memory.bodies, end);
    else {
      pieces.push(memory.bodies.subarray(start, end), event.body);
      start = end;
    }
  }
  return [...pieces, memory.bodies.subarray(start, end)];
}

function newMemory(): Memory {
  return { rows: Buffer.allocUnsafe(FIRST_MEMORY_BYTES), bodies: Buffer.allocUnsafe(FIRST_MEMORY_BYTES) };
}

/**
 * A key that is there within its window gives back the first event's id and the row is not stored again; one whose
 * window has ended is taken over. The upsert waits for a concurrent transaction with the same key and then sees its row, so
 * exactly one of two concurrent callbacks is stored. To look keys up first, so as not to write those of duplicates, costs
 * all others more than it spares. Duplicates are counted under the first one's id alone, for that event may be too new to
 * be seen; $3 names those that the batch itself holds again, once for each. Keys are taken in one order, and then counts in
 * one, so that two batches cannot wait for each other. Only a tenant with a destination is owed anything: one that was made
 * before an event was sent is seen.
 */
const appendEvents = `
  with input as materialized (
    select * from unnest($1::incoming_event[])
  ), claimed as (
    insert into dedupe_keys as k (tenant_id, source_id, dedupe_key, event_id, expires_at)
    select tenant_id, source_id, dedupe_key, id, now() + make_interval(secs => dedupe_seconds)
    from input
    where dedupe_key is not null
    order by tenant_id, source_id, dedupe_key
    on conflict (tenant_id, source_id, dedupe_key) do update set
      event_id = case when k.expires_at <= now() then excluded.event_id else k.event_id end,
      expires_at = case when k.expires_at <= now() then excluded.expires_at else k.expires_at end
    returning k.tenant_id, k.source_id, k.dedupe_key, k.event_id
  ), accepted as (
    select * from input where dedupe_key is null or id in (select event_id from claimed)
  ), repeated as (
    select i.tenant_id, i.id, c.event_id
    from claimed c join input i using (tenant_id, source_id, dedupe_key)
    where c.event_id not in (select id from input)
  ), counted as (
    insert into duplicate_counts as d (tenant_id, event_id, count)
    select tenant_id, event_id, 1 + cardinality(array_positions($3::uuid[], id)) from repeated
    union all
    select tenant_id, id, cardinality(array_positions($3::uuid[], id)) from accepted where id = any($3::uuid[])
    order by tenant_id, event_id
    on conflict (tenant_id, event_id) do update set count = d.count + excluded.count
  ), stored as (
    insert into events (
      tenant_id, id, source_id, provider, type, provider_event_id, run_id, received_at, method, path, query,
      content_type, size, scheme, secret_id, signed_at
    )
    select tenant_id, id, source_id, provider, type, provider_event_id, run_id, received_at,
      method, path, query, content_type, body_length, scheme, secret_id, signed_at
    from accepted
  ), contents as (
    insert into event_contents (tenant_id, id, headers, sensitive_headers, body)
    select tenant_id, id, headers, sensitive_headers, substring($2::bytea from body_offset for body_length)
    from accepted
  ), obligations as (
    insert into fan_outs (tenant_id, id, event_ids, source_ids, types)
    select tenant_id, (array_agg(id))[1], array_agg(id), array_agg(source_id), array_agg(type)
    from (select tenant_id, id, source_id, type from accepted order by tenant_id, id) of_tenant
    group by tenant_id
    having exists (
      select from destinations d where d.tenant_id = of_tenant.tenant_id and d.deleted_at is null
    )
    returning 1
  )
  select id, event_id from repeated
  union all
  (select ${OWED}, null from obligations limit 1)`;
