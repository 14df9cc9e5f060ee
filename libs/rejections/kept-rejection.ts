import { timeOfId } from '#database';
import type { Diagnosis } from '#diagnosis';
import type { DataKey } from '#keyring';
import { shownHeaders, shownTarget } from './redaction.js';
import type { Waiting } from './waiting-room.js';

/** A larger body is shown in part, and cannot be verified again. */
const MOST_BODY_BYTES = 256 * 1024;
const EXCERPT_BYTES = 4 * 1024;

/** A row of `rejections`. */
export interface KeptRejection {
  readonly tenantId: string;
  readonly id: string;
  readonly sourceId: string;
  readonly receivedAtMs: number;
  readonly reason: string;
  readonly diagnosis: Diagnosis;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [string, string | null])[];
  readonly remoteIp: string | null;
  readonly size: number | null;
  readonly sealed: Buffer;
  readonly excerpt: Buffer | null;
  readonly body: Buffer | null;
}

/** What is needed of the request to verify it again. */
export interface SealedRequest {
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Makes the row of a refused callback: nothing that may be a secret stands in it in the clear. */
export function keptRejection(
  { id, refused }: Waiting,
  { diagnosis, secrets }: { readonly diagnosis: Diagnosis; readonly secrets: readonly string[] },
): KeptRejection {
  const { source, callback, target } = refused;
  const { dataKey } = source;
  const isWhole = refused.reason !== 'body_too_large';
  const { body } = callback;
  const sealed: SealedRequest = { target, headers: callback.headers };
  return {
    tenantId: source.tenantId,
    id,
    sourceId: source.id,
    receivedAtMs: timeOfId(id),
    reason: refused.reason,
    diagnosis,
    method: callback.method,
    ...shownTarget(source, target),
    headers: shownHeaders(source, callback.headers, secrets),
    remoteIp: refused.remoteIp,
    size: isWhole ? body.length : null,
    sealed: dataKey.encrypt('rejections.sealed', id, JSON.stringify(sealed)),
    excerpt: isWhole ? dataKey.encrypt('rejections.excerpt', id, body.subarray(0, EXCERPT_BYTES)) : null,
    body: isWhole && body.length <= MOST_BODY_BYTES ? dataKey.encrypt('rejections.body', id, body) : null,
  };
}

/** Reverses the sealing of a row. */
export function unsealed(
  row: { readonly id: string; readonly sealed: Buffer; readonly body: Buffer },
  dataKey: DataKey,
): SealedRequest & { readonly body: Buffer } {
  const text = dataKey.decrypt('rejections.sealed', row.id, row.sealed).toString('utf8');
  return {
    ...(JSON.parse(text) as SealedRequest),
    body: dataKey.decrypt('rejections.body', row.id, row.body),
  };
}

/** The beginning of a body as it may be shown: as text when it is UTF-8, else as base64. */
export function openExcerpt(
  row: { readonly id: string; readonly excerpt: Buffer; readonly size: number | null },
  dataKey: DataKey,
): { readonly body_excerpt: string | null; readonly body_excerpt_base64: string | null } {
  const bytes = dataKey.decrypt('rejections.excerpt', row.id, row.excerpt);
  const isCut = (row.size ?? 0) > bytes.length;
  // What a stream decodes stops before a character that is not whole.
  const text = decoded(bytes, isCut);
  return text === null
    ? { body_excerpt: null, body_excerpt_base64: bytes.toString('base64') }
    : { body_excerpt: text, body_excerpt_base64: null };
}

function decoded(bytes: Buffer, isCut: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return null;
  }
}
