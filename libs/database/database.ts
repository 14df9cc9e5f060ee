import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** Transactions of the management side. */
@Injectable()
export class Database {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction that sees nothing but one tenant's rows: row-level security stands behind every
   * query's own `tenant_id`. Role and tenant end with the transaction.
   */
  tenant<Result>(tenantId: string, work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query(
        `select set_config('role', 'callbox_tenant', true), set_config('callbox.tenant_id', $1, true)`,
        [tenantId],
      );
      return work(manager);
    });
  }

  /** One statement over all tenants, for look-ups that do not know the tenant yet. */
  queryAcrossTenants<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    return this.dataSource.query<Row[]>(sql, [...parameters]);
  }

  /** Runs `work` in a transaction over all tenants: for the operator, for authentication and for start-up. */
  acrossTenants<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.dataSource.transaction(work);
  }
}
