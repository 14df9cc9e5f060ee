import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { EntityManager } from 'typeorm';
import { Database } from '#database';
import { Problem, problem } from '#errors';
import { Keyring } from '#keyring';
import { TenantKeys } from './tenant-keys.js';

const KEPT_FOR_HOURS = 24;
const PLACE = 'idempotency_keys.answer';
/** Stands for the operator, who is of no tenant; no tenant has this id. */
const OPERATOR = '00000000-0000-0000-0000-000000000000';
/** A refusal that would be the same again is an answer too; malformed requests may be mended and sent anew. */
const KEPT_REFUSALS: readonly number[] = [404, 409, 422];

/** A request that may be sent twice. */
export interface RepeatableRequest {
  /** `null`: the operator's. */
  readonly tenantId: string | null;
  readonly key: string;
  /** Method, path and body, so that another request under the same key is told from this one. */
  readonly content: string;
}

/** An answer as it is given again. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Row {
  readonly request_hash: Buffer;
  readonly status: number;
  readonly answer: Buffer;
}

/** Gives the first answer again to a request that is sent twice under one Idempotency-Key. */
@Injectable()
export class Idempotency {
  constructor(
    private readonly database: Database,
    private readonly tenantKeys: TenantKeys,
    private readonly keyring: Keyring,
  ) {}

  /**
   * The answer of `work`, which is done once per key within 24 hours. It is kept in the transaction of what `work`
   * does: a crash leaves both or neither. `forget` takes out of it what may be shown only once.
   */
  async once(
    request: RepeatableRequest,
    work: () => Promise<Answer>,
    forget: (body: unknown) => unknown,
  ): Promise<{ readonly answer: Answer; readonly isReplay: boolean }> {
    const tenantKey = request.tenantId === null ? null : await this.tenantKeys.open(request.tenantId);
    const seal = (text: string) => tenantKey?.encrypt(PLACE, request.key, text) ?? Buffer.from(text);
    const open = (bytes: Buffer) => (tenantKey?.decrypt(PLACE, request.key, bytes) ?? bytes).toString();
    try {
      return await this.database.together(request.tenantId, async (manager) => {
        const row = await this.take(manager, request);
        if (row !== null) return { answer: replay(row, open), isReplay: true };
        const answer = await work();
        await this.keep(manager, request, answer.status, seal(JSON.stringify(forget(answer.body) ?? null)));
        return { answer, isReplay: false };
      });
    } catch (error) {
      if (isKept(error)) {
        const sealed = seal(JSON.stringify({ code: error.code, options: error.options }));
        await this.database.together(request.tenantId, (manager) =>
          this.keep(manager, request, error.status, sealed),
        );
      }
      throw error;
    }
  }

  /** The row of an earlier request. Of two at the same time, the second is sent away to come again. */
  private async take(manager: EntityManager, request: RepeatableRequest): Promise<Row | null> {
    const { tenantId, key } = request;
    const scope = tenantId ?? OPERATOR;
    const [lock] = await manager.query<{ taken: boolean }[]>(
      'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as taken',
      [`idempotency ${scope} ${key}`],
    );
    if (lock?.taken !== true) throw problem('idempotency_in_progress', { headers: { 'retry-after': '1' } });
    const [row] = await manager.query<Row[]>(
      `select request_hash, status, answer from idempotency_keys
       where tenant_id = $1 and key = $2 and expires_at > now()`,
      [scope, key],
    );
    if (row !== undefined && !row.request_hash.equals(this.hashOf(request)))
      throw problem('idempotency_key_reused');
    return row ?? null;
  }

  private async keep(
    manager: EntityManager,
    request: RepeatableRequest,
    status: number,
    answer: Buffer,
  ): Promise<void> {
    await manager.query(
      `insert into idempotency_keys (tenant_id, key, request_hash, status, answer, expires_at)
       values ($1, $2, $3, $4, $5, now() + make_interval(hours => ${KEPT_FOR_HOURS}))
       on conflict (tenant_id, key) do update
       set request_hash = excluded.request_hash, status = excluded.status, answer = excluded.answer,
         expires_at = excluded.expires_at
       where idempotency_keys.expires_at <= now()`,
      [request.tenantId ?? OPERATOR, request.key, this.hashOf(request), status, answer],
    );
  }

  /** Keyed, since a request may hold a password to be imported, which a plain hash would let be guessed. */
  private hashOf({ content }: RepeatableRequest): Buffer {
    return this.keyring.hashToken('idempotency-request', content);
  }
}

/** Deletes answers that are not given again any more, a bounded number at a time. Returns how many went. */
export async function pruneAnswers(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(`
    delete from idempotency_keys where (tenant_id, key) in (
      select tenant_id, key from idempotency_keys where expires_at < now() limit 1000 for update skip locked
    )`);
  return rowCount ?? 0;
}

function isKept(error: unknown): error is Problem {
  return (
    error instanceof Problem &&
    KEPT_REFUSALS.includes(error.status) &&
    error.code !== 'idempotency_in_progress' &&
    error.code !== 'idempotency_key_reused'
  );
}

/** An answer that was kept; a refusal is thrown again. */
function replay(row: Row, open: (bytes: Buffer) => string): Answer {
  const body: unknown = JSON.parse(open(row.answer));
  if (row.status < 400) return { status: row.status, body };
  const { code, options } = body as Problem;
  throw problem(code, { ...options, headers: { ...options.headers, 'idempotent-replayed': 'true' } });
}
