import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { newId } from '#database';
import { bodyOf } from '../load/prepared-requests.js';
import { binary, bindExecuteSync, StatementEnd } from './wire.js';

/** What the process that inserts is told. */
export interface InsertSpec {
  readonly databaseUrl: string;
  readonly connections: number;
  readonly rowsPerStatement: number;
  readonly bodyBytes: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** What it says. */
export type InserterMessage =
  | { readonly kind: 'window'; readonly edge: 'begin' | 'end' }
  | { readonly kind: 'result'; readonly result: InsertResult }
  | { readonly kind: 'failed'; readonly message: string };

/** What a run of inserts came to; rows of the window, and of the whole run. */
export interface InsertResult {
  readonly seconds: number;
  readonly rowsPerSecond: number;
  readonly totalRows: number;
  readonly cpuSeconds: number;
  readonly busyShare: number;
}

const STATEMENT = 'insert-plain';
const COLUMNS =
  'tenant_id, id, source_id, provider, received_at, method, path, content_type, size, headers, body, dedupe_key';
const COLUMN_COUNT = 12;
const POOL_BYTES = 24 * 1024 * 1024;

/** One prepared statement's request, and where its rows' ids and dedupe keys stand. */
interface PreparedInsert {
  readonly bytes: Buffer;
  readonly idsAt: readonly number[];
  readonly keysAt: readonly number[];
  isUnderWay: boolean;
}

/**
 * What pgbench does, which is not among the programs that come along: every connection runs one prepared statement after
 * another, each a transaction of its own. The driver makes the connection; the requests are made beforehand and written
 * to its socket as they are, so that a row costs this process a few microseconds rather than the driver's sixty.
 */
async function insert(spec: InsertSpec, onWindow: (edge: 'begin' | 'end') => void): Promise<InsertResult> {
  const clients = await Promise.all(
    Array.from({ length: spec.connections }, async () => {
      const client = new pg.Client({ connectionString: spec.databaseUrl });
      await client.connect();
      await client.query(`prepare "${STATEMENT}" as ${statementText(spec.rowsPerStatement)}`);
      return client;
    }),
  );
  const pool = prepareInserts(spec);
  let next = 0;
  let statements = 0;
  let underWay = 0;
  let isSending = true;
  let failure: Error | null = null;
  const send = (socket: Socket): PreparedInsert => {
    let request: PreparedInsert | undefined;
    do {
      next = (next + 1) % pool.length;
      request = pool[next];
    } while (request === undefined || request.isUnderWay);
    makeUnique(request);
    request.isUnderWay = true;
    underWay += 1;
    socket.write(request.bytes);
    return request;
  };
  for (const client of clients) {
    // Not of the driver's public face: from here on the socket is ours.
    const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
    socket.removeAllListeners('data');
    const reader = new StatementEnd();
    let request = send(socket);
    socket.on('data', (chunk: Buffer) => {
      try {
        if (!reader.read(chunk)) return;
      } catch (error) {
        failure = error as Error;
        isSending = false;
      }
      request.isUnderWay = false;
      underWay -= 1;
      statements += 1;
      if (isSending) request = send(socket);
    });
  }
  await sleep(spec.warmUpSeconds * 1_000);
  onWindow('begin');
  const before = {
    cpu: process.cpuUsage(),
    loop: performance.eventLoopUtilization(),
    atMs: performance.now(),
    statements,
  };
  await sleep(spec.seconds * 1_000);
  const seconds = (performance.now() - before.atMs) / 1_000;
  const rows = (statements - before.statements) * spec.rowsPerStatement;
  const { user, system } = process.cpuUsage(before.cpu);
  const { utilization } = performance.eventLoopUtilization(before.loop);
  onWindow('end');
  isSending = false;
  while (underWay > 0 && failure === null) await sleep(5);
  for (const client of clients)
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  if (failure !== null) throw failure as Error;
  return {
    seconds,
    rowsPerSecond: rows / seconds,
    totalRows: statements * spec.rowsPerStatement,
    cpuSeconds: (user + system) / 1e6,
    busyShare: utilization,
  };
}

function statementText(rows: number): string {
  const types = [
    'uuid',
    'uuid',
    'uuid',
    'text',
    'timestamptz',
    'text',
    'text',
    'text',
    'integer',
    'jsonb',
    'bytea',
    'text',
  ];
  const row = (index: number) =>
    `(${types.map((type, at) => `$${index * COLUMN_COUNT + at + 1}::${type}`).join(',')})`;
  return `insert into plain_events (${COLUMNS}) values ${Array.from({ length: rows }, (_, index) => row(index)).join(',')}`;
}

function prepareInserts({ rowsPerStatement, bodyBytes, connections }: InsertSpec): PreparedInsert[] {
  const perStatement = (bodyBytes + 600) * rowsPerStatement;
  const count = Math.max(connections + 8, Math.min(4_096, Math.floor(POOL_BYTES / perStatement)));
  const [tenantId, sourceId] = [newId(), newId()];
  return Array.from({ length: count }, (_, statement) => {
    const [ids, keys] = [new Set<Buffer>(), new Set<Buffer>()];
    const parameters = Array.from({ length: rowsPerStatement }, (_unused, row) => {
      const [id, key] = [binary.uuid(newId()), randomBytes(9).toString('hex')];
      const dedupeKey = binary.text(key);
      ids.add(id);
      keys.add(dedupeKey);
      return [
        binary.uuid(tenantId),
        id,
        binary.uuid(sourceId),
        binary.text('callbox'),
        binary.time(Date.now()),
        binary.text('POST'),
        binary.text('/in/default/default'),
        binary.text('application/json'),
        binary.integer(bodyBytes),
        binary.json(HEADERS),
        bodyOf(bodyBytes, statement * rowsPerStatement + row),
        dedupeKey,
      ];
    }).flat();
    const bytes = bindExecuteSync(STATEMENT, parameters);
    const places = (wanted: ReadonlySet<Buffer>) => [...wanted].map((value) => bytes.indexOf(value));
    return { bytes, idsAt: places(ids), keysAt: places(keys), isUnderWay: false };
  });
}

/** What the generator's requests carry. */
const HEADERS = [
  ['Host', '127.0.0.1:12345'],
  ['User-Agent', 'callbox-bench'],
  ['Content-Type', 'application/json'],
  ['Callbox-Signature', '0'.repeat(64)],
  ['Content-Length', '1024'],
  ['x-event-id', 'b000001-0000000001'],
];

/** New ids in time order, and dedupe keys like those of the generator: a prefix and a number. */
function makeUnique({ bytes, idsAt, keysAt }: PreparedInsert): void {
  for (const at of idsAt) bytes.write(newId().replaceAll('-', ''), at, 16, 'hex');
  for (const at of keysAt) {
    sequence += 1;
    bytes.write(`b000001-${String(sequence).padStart(10, '0')}`, at, 18, 'latin1');
  }
}

let sequence = 0;

process.on('message', (spec: InsertSpec) => {
  const tell = (message: InserterMessage): void => {
    process.send?.(message);
  };
  insert(spec, (edge) => tell({ kind: 'window', edge })).then(
    (result) => tell({ kind: 'result', result }),
    (error: unknown) => tell({ kind: 'failed', message: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
