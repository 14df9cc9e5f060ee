import { isSensitiveHeader } from '#events';
import { type LiveSource, parseIngestTarget, pathWithoutToken, queryWithoutToken } from '#sources';

/** Of callbacks that nobody vouches for, whatever is called like a credential is taken for one. */
const CREDENTIAL = /token|secret|passw|api-?_?key|credential/i;

type Pairs = readonly (readonly [name: string, value: string])[];

/** The headers as they may be shown; `null` stands for a credential, also for one of `secrets` that stands anywhere. */
export function shownHeaders(
  source: LiveSource,
  headers: Pairs,
  secrets: readonly string[],
): (readonly [string, string | null])[] {
  return headers.map(([name, value]) => {
    const isCredential =
      isSensitiveHeader(name, source.tokenHeaders) ||
      CREDENTIAL.test(name) ||
      secrets.some((secret) => value.includes(secret));
    return [name, isCredential ? null : value];
  });
}

/** The path and query of a target as they may be shown. */
export function shownTarget(source: LiveSource, target: string): { path: string; query: string } {
  const url = parseIngestTarget(target);
  const at = target.indexOf('?');
  const path = url?.path ?? (at < 0 ? target : target.slice(0, at));
  const query = url?.query ?? (at < 0 ? '' : target.slice(at + 1));
  return {
    path: pathWithoutToken(source, path),
    query: withoutCredentials(queryWithoutToken(source, query)),
  };
}

/** A URL as it may be shown, whoever claims it. */
export function shownUrl(source: LiveSource, url: string): string {
  const [origin = ''] = /^https?:\/\/[^/?#]*/i.exec(url) ?? [];
  if (origin === '' && !url.startsWith('/')) return url;
  const { path, query } = shownTarget(source, url.slice(origin.length));
  return origin.replace(/\/\/.*@/, '//[redacted]@') + path + (query === '' ? '' : `?${query}`);
}

function withoutCredentials(query: string): string {
  const pairs = query.split('&').map((pair) => {
    const [name = ''] = pair.split('=', 1);
    return CREDENTIAL.test(name) && pair.includes('=') ? `${name}=[redacted]` : pair;
  });
  return pairs.join('&');
}
