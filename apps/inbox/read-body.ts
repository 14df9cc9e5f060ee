import type { IncomingMessage } from 'node:http';
import type { BodyMemory } from './body-memory.js';
import { sayContinue } from './expectation.js';

/** What reading a body came to: its exact bytes, or why there are none. */
export type BodyReading =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly reason: 'too_large' | 'too_slow' | 'no_memory' | 'aborted' };

/**
 * Reads the bytes of a request's body as they come, up to `limitBytes`; nothing is decoded, decompressed or parsed.
 * A declared length over the limit is refused before a byte is read. What the body holds of `memory` is given back by
 * whoever answers the request.
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  memory: BodyMemory,
): Promise<BodyReading> {
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  if (declaredBytes > limitBytes) return Promise.resolve({ ok: false, reason: 'too_large' });
  // The sender may have gone while its source was looked up; no event would tell so any more.
  if (request.destroyed) return Promise.resolve({ ok: false, reason: 'aborted' });
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const settle = (reading: BodyReading): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      resolve(reading);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limitBytes) return settle({ ok: false, reason: 'too_large' });
      if (!memory.receive(request, chunk.length)) return settle({ ok: false, reason: 'no_memory' });
      chunks.push(chunk);
    };
    const onEnd = (): void =>
      memory.finish(request)
        ? settle({ ok: true, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) })
        : settle({ ok: false, reason: 'no_memory' });
    const onClose = (): void => settle({ ok: false, reason: 'aborted' });
    const onTooSlow = (): void => settle({ ok: false, reason: 'too_slow' });
    if (!memory.open(request, declaredBytes, onTooSlow)) return resolve({ ok: false, reason: 'no_memory' });
    sayContinue(request);
    request
      .on('data', onData)
      .on('end', onEnd)
      .on('close', onClose)
      .on('error', () => undefined);
  });
}
