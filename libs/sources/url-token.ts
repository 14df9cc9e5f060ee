import { createHash, timingSafeEqual } from 'node:crypto';
import type { IngestUrl } from './ingest-url.js';
import type { LiveSource } from './live-source.js';

const TOKEN_SEGMENT = 4;

/** Whether the URL ends as the source's URL must: in one of its tokens, where it has any. */
export function admitsUrl(source: LiveSource, { path }: IngestUrl, nowMs: number): boolean {
  if (source.urlTokens === null) return true;
  const presented = createHash('sha256')
    .update(path.split('/')[TOKEN_SEGMENT] ?? '')
    .digest();
  return source.urlTokens.some(
    ({ digest, expiresAtMs }) => expiresAtMs > nowMs && timingSafeEqual(digest, presented),
  );
}

/** The path as it is kept: the token, which is all that protects such a source, is left out. */
export function pathWithoutToken(source: LiveSource, path: string): string {
  if (source.urlTokens === null) return path;
  const segments = path.split('/');
  segments[TOKEN_SEGMENT] = '[redacted]';
  return segments.join('/');
}

/** The query as it is kept: without the credential of senders who put it there. */
export function queryWithoutToken({ scheme: { tokenParameter } }: LiveSource, query: string): string {
  if (tokenParameter === undefined || query === '') return query;
  const pairs = query.split('&').map((pair) => {
    const [name = ''] = pair.split('=', 1);
    return new URLSearchParams(pair).has(tokenParameter) ? `${name}=[redacted]` : pair;
  });
  return pairs.join('&');
}
