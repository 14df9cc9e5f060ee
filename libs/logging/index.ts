// Logs: JSON lines by pino, one wide line per unit of work.
// May know: levels, redaction, Nest's logger interface.
// Must not: know resources; must never be given bodies, secrets or tokens.
export { createLogger, LOGGER } from './logger.js';
export type { Logger } from './logger.js';
export { NestLogger } from './nest-logger.js';
