import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '#config';
import { createPool, poolSize } from './connect.js';
import { Scope } from './scope.js';

const STATEMENT_TIMEOUT_MS = 5_000;

/** A transaction that others may become a part of. */
interface Joint {
  /** `null`: over all tenants. */
  readonly tenantId: string | null;
  readonly manager: EntityManager;
  /** Nothing can be written, so nothing has to be undone by itself. */
  readonly isReading: boolean;
  isOpen: boolean;
  /** The last one that joined; they run one after another, as one connection must. */
  last: Promise<unknown>;
}

/**
 * Transactions of the management side. Its connections work as the role `callbox_tenant`, which owns nothing and sees
 * no row of any tenant until a transaction names one; crossing tenants is asked for each time, by name.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  readonly #joint = new Scope<Joint>();
  readonly #acrossTenants: pg.Pool;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#acrossTenants = createPool(settings.databaseUrl ?? '', 'across-tenants', STATEMENT_TIMEOUT_MS, {
      max: poolSize('acrossTenants', settings.processes),
    });
    // A connection that breaks while idle is replaced by the next query.
    this.#acrossTenants.on('error', () => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#acrossTenants.end();
  }

  /**
   * Runs `work` in a transaction that sees nothing but one tenant's rows: row-level security stands behind every
   * query's own `tenant_id`.
   */
  tenant<Result>(tenantId: string, work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.run(tenantId, work);
  }

  /** Runs `work` in a transaction over all tenants: for the operator, for authentication and for start-up. */
  acrossTenants<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.run(null, work);
  }

  /**
   * One statement over all tenants, for look-ups that do not know the tenant yet. Never part of a transaction. With a `name`
   * it is planned once for each connection, which for a short look-up takes most of its time.
   */
  async queryAcrossTenants<Row>(sql: string, parameters: readonly unknown[], name?: string): Promise<Row[]> {
    const { rows } = await this.#acrossTenants.query({ text: sql, values: [...parameters], name });
    return rows as Row[];
  }

  /**
   * Runs `work` in one transaction that also holds every transaction of the same tenant (`null`: over all tenants)
   * which is begun within it, so that they are committed together or not at all.
   */
  together<Result>(
    tenantId: string | null,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    return this.run(tenantId, (manager) => this.hold({ tenantId, manager, isReading: false }, work));
  }

  /**
   * Runs `work`, in which everything that is read of one tenant, by whatever service, is of one moment: in one transaction,
   * which cannot write. Quicker than one transaction each: what a short statement takes is mostly the way there and back.
   */
  async reading<Result>(tenantId: string, work: () => Promise<Result>): Promise<Result> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.query(
        `start transaction isolation level repeatable read, read only;
         set local callbox.tenant_id = ${pg.escapeLiteral(tenantId)}`,
      );
      const result = await this.hold({ tenantId, manager: runner.manager, isReading: true }, work);
      await runner.query('commit');
      return result;
    } catch (error) {
      await runner.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Runs `work` outside of any transaction that would otherwise hold its own: for what must stand by itself. */
  apart<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#joint.outside(work);
  }

  private run<Result>(
    tenantId: string | null,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    const joint = this.#joint.get();
    if (joint?.isOpen === true && joint.tenantId === tenantId) return this.join(joint, work);
    return this.dataSource.transaction(async (manager) => {
      await (tenantId === null
        ? // The login role, which has a policy that crosses tenants; until the end of the transaction.
          manager.query(`select set_config('role', 'none', true)`)
        : manager.query(`select set_config('callbox.tenant_id', $1, true)`, [tenantId]));
      return work(manager);
    });
  }

  /** As a savepoint where something may be written: what is thrown undoes this part, and the rest when nobody catches it. */
  private join<Result>(joint: Joint, work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    const { tenantId, isReading } = joint;
    const hold = (manager: EntityManager) => this.hold({ tenantId, manager, isReading }, work);
    const part = joint.last
      .catch(() => undefined)
      .then(() => (isReading ? hold(joint.manager) : joint.manager.transaction(hold)));
    joint.last = part;
    return part;
  }

  private async hold<Result>(
    held: Pick<Joint, 'tenantId' | 'manager' | 'isReading'>,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    const joint: Joint = { ...held, isOpen: true, last: Promise.resolve() };
    try {
      return await this.#joint.run(joint, () => work(held.manager));
    } finally {
      // What was started within and outlives it, a timer say, must not write into a transaction that has ended.
      joint.isOpen = false;
      await joint.last.catch(() => undefined);
    }
  }
}
