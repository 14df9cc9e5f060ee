import cluster from 'node:cluster';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { Portions } from './portions.js';

export type { Logger };

/** Injection token of the process's logger. */
export const LOGGER = Symbol('LOGGER');

/**
 * Last wall only: nothing with these names is meant to be logged at all.
 * Errors of the database carry values of the query in `parameters`, and quote rows in `detail` and `where`: cut off.
 */
const REDACTED = [
  'authorization',
  'cookie',
  'plain_secret',
  'plain_key',
  'parameters',
  '*.authorization',
  '*.cookie',
  '*.plain_secret',
  '*.plain_key',
  '*.parameters',
  '*.detail',
  '*.where',
  '*.driverError.parameters',
  '*.driverError.detail',
  '*.driverError.where',
];

const PORTION_LENGTH = 32_768;
const MOST_BYTES_A_WRITE = 65_536;
/** POSIX's PIPE_BUF: what processes that share a pipe write in one piece, at most so much, does not get mixed up. */
const UNDIVIDED_BYTES = 4_096;

/** Makes the logger of a process; `destination` is for tests that read the log. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    redact: { paths: REDACTED, censor: '[redacted]' },
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
  };
  return pino(options, destination ?? standardOutput());
}

let timeMs = 0;
let timeText = '';

/** Made once for all lines of a millisecond. */
function timestamp(): string {
  const nowMs = Date.now();
  if (nowMs !== timeMs) {
    timeMs = nowMs;
    timeText = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return timeText;
}

/**
 * Standard output, written in portions. What is waiting is written several times a second and when the process exits; a
 * kill -9 can lose that much of the log.
 */
function standardOutput(): DestinationStream {
  const [length, maxWrite] = cluster.isWorker
    ? [UNDIVIDED_BYTES / 2, UNDIVIDED_BYTES]
    : [PORTION_LENGTH, MOST_BYTES_A_WRITE];
  // Not 0, with which it says that all is written without a look.
  const outlet = pino.destination({ dest: 1, sync: false, minLength: 1, maxWrite });
  const portions = new Portions(outlet, length);
  process.prependListener('beforeExit', () => portions.passOn());
  process.prependListener('exit', () => portions.passOn());
  return portions;
}
