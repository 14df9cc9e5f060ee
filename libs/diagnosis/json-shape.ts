/** What tells how long it takes to write a JSON document anew; at most, for strings may hold brackets. */
export interface JsonShape {
  readonly depth: number;
  /** Lines that it has when it is indented. */
  readonly lines: number;
  /** Characters that some write as their codes, or with a backslash. */
  readonly escapes: number;
}

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c];
/** `& ' + / < = >` and the grave accent; quotation marks only behind a backslash, which is one of them. */
const ESCAPED = new Set([0x26, 0x27, 0x2b, 0x2f, 0x3c, 0x3d, 0x3e, 0x5c, 0x60]);
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return 1;
  if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) return 2;
  if (byte === COMMA) return 3;
  return byte >= 0xc0 || ESCAPED.has(byte) ? 4 : 0;
});

/**
 * Looks through a document without parsing it.
 *
 * @example shapeOfJson(Buffer.from('[1,2]')) // { depth: 1, lines: 3, escapes: 0 }
 */
export function shapeOfJson(body: Buffer): JsonShape {
  let [depth, deepest, lines, escapes] = [0, 0, 0, 0];
  for (let index = 0; index < body.length; index += 1) {
    const kind = KINDS[body[index] ?? 0];
    if (kind === 0) continue;
    if (kind === 4) escapes += 1;
    else lines += 1;
    if (kind === 1) deepest = Math.max(deepest, (depth += 1));
    else if (kind === 2) depth -= 1;
  }
  return { depth: deepest, lines, escapes };
}
