import type { Callback } from '#providers';
import type { LiveSource } from '#sources';

/** An answer that a provider insists on, ready to be sent. */
export interface WantedReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Its body has been read. */
  readonly closes: false;
}

/**
 * The answer that the source's provider insists on for a callback that has been verified; `null` where Callbox's own
 * receipt will do.
 */
export function providerReply(
  { preset, keys }: LiveSource,
  callback: Callback,
  { keyId, nowMs }: { keyId: string | null; nowMs: number },
): WantedReply | null {
  if (preset.reply === undefined) return null;
  const { status, contentType, body, made } = preset.reply;
  const key = keys.find(({ id }) => id === keyId) ?? null;
  const own = made?.({ callback, key, nowMs });
  const headers = { ...Object.fromEntries(own?.headers ?? []), 'content-type': contentType };
  return { status, headers, body: own?.body ?? body, closes: false };
}
