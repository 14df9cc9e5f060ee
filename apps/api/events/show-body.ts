import { isUtf8 } from 'node:buffer';

const MOST_SHOWN_BYTES = 256 * 1024;

interface ShownBody {
  readonly body?: string;
  readonly body_base64?: string;
  readonly body_truncated: boolean;
}

/** A body for the eye: text when it is UTF-8, else base64; at most 256 KiB. The exact bytes have their own route. */
export function showBody(body: Buffer): ShownBody {
  if (!isUtf8(body)) {
    return {
      body_base64: body.subarray(0, MOST_SHOWN_BYTES).toString('base64'),
      body_truncated: body.length > MOST_SHOWN_BYTES,
    };
  }
  let end = Math.min(body.length, MOST_SHOWN_BYTES);
  // Not through the middle of a character: its continuation bytes begin with the bits 10.
  while (end < body.length && ((body[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return { body: body.toString('utf8', 0, end), body_truncated: end < body.length };
}
