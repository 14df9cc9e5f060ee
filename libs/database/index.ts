// PostgreSQL: connections, transactions that know their tenant, ids, cursors, change notices, migrations.
// May know: TypeORM, pg and our migrations.
// Must not: know what the tables mean.
export {
  connectionsAllowed,
  createDataSourceOptions,
  createPool,
  migrate,
  mostConnections,
  pendingMigrations,
  poolSize,
} from './connect.js';
export type { BinaryParameter } from './bind-message.js';
export { BatchedReader } from './batched-reader.js';
export { Database } from './database.js';
export { DatabaseModule } from './database.module.js';
export { Changes } from './changes.js';
export type { Change } from './changes.js';
export { CompositeArray } from './composite-array.js';
export { DiskSpace } from './disk-space.js';
export { findPage } from './find-page.js';
export { GroupCommit, Overloaded } from './group-commit.js';
export { HeldConnection } from './held-connection.js';
export { idAtTime, newId, timeOfId } from './ids.js';
export { pageOf, readCursor, writeCursor } from './page.js';
export type { Page, PageRequest } from './page.js';
export { Scope } from './scope.js';
export { uuidArray } from './uuid-array.js';
export { TooSlow, within } from './within.js';
