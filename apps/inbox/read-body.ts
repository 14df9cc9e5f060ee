import type { IncomingMessage } from 'node:http';

/** Bytes of bodies that are being read in this process: a bound on memory, whatever senders do. */
export class ByteBudget {
  #inUse = 0;

  constructor(private readonly most: number) {}

  take(bytes: number): boolean {
    if (this.#inUse + bytes > this.most) return false;
    this.#inUse += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#inUse -= bytes;
  }
}

/** What reading a body came to: its exact bytes, or why there are none. */
export type BodyReading =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly reason: 'too_large' | 'no_memory' | 'aborted' };

/**
 * Reads the bytes of a request's body as they come, up to `limitBytes`; nothing is decoded, decompressed or parsed.
 * A declared length over the limit is refused before a byte is read.
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  budget: ByteBudget,
): Promise<BodyReading> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes)
    return Promise.resolve({ ok: false, reason: 'too_large' });
  // The sender may have gone while its source was looked up; no event would tell so any more.
  if (request.destroyed) return Promise.resolve({ ok: false, reason: 'aborted' });
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const settle = (reading: BodyReading): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      budget.give(size);
      resolve(reading);
    };
    const onData = (chunk: Buffer): void => {
      if (!budget.take(chunk.length)) return settle({ ok: false, reason: 'no_memory' });
      size += chunk.length;
      chunks.push(chunk);
      if (size > limitBytes) settle({ ok: false, reason: 'too_large' });
    };
    const onEnd = (): void =>
      settle({ ok: true, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) });
    const onClose = (): void => settle({ ok: false, reason: 'aborted' });
    request
      .on('data', onData)
      .on('end', onEnd)
      .on('close', onClose)
      .on('error', () => undefined);
  });
}
