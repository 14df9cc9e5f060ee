import { int16, int32 } from './wire.js';

/** A parameter in binary form, in pieces that follow one another. */
export type BinaryParameter = readonly Buffer[];

const BIND = 0x42;
const UNNAMED_PORTAL = '\0';
const TEXT = 0;
const BINARY = 1;

/**
 * The Bind message of PostgreSQL's protocol (section 55.7, "Message Formats") for a prepared statement whose parameters
 * are all binary, in pieces that can be written one after another as they are: pg's own way copies each parameter
 * into a buffer that it grows as it goes, twice. Results come as text.
 */
export function bindMessage(statement: string, parameters: readonly BinaryParameter[]): Buffer[] {
  const names = Buffer.from(`${UNNAMED_PORTAL}${statement}\0`);
  const values = parameters.flatMap((pieces) => [int32(lengthOf(pieces)), ...pieces]);
  const rest = [names, int16(1, BINARY, parameters.length), ...values, int16(1, TEXT)];
  // The length counts itself.
  return [Buffer.of(BIND), int32(lengthOf(rest) + 4), ...rest];
}

function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
