/** The parts of an ingest URL's path and query, as they stood on the wire. */
export interface IngestUrl {
  readonly tenantSlug: string;
  readonly sourceSlug: string;
  /** Path and query together: what providers that sign the URL have signed, below the public URL. */
  readonly target: string;
  /** The whole path, further path included, undecoded. */
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

const INGEST_PREFIX = '/in/';
const SLUG = /^[a-z0-9-]{1,63}$/;
const ORIGIN = /^https?:\/\/[^/?]*/i;

/** Whether a request target belongs to the inbox at all. */
export function isIngestTarget(target: string): boolean {
  return targetOf(target).startsWith(INGEST_PREFIX);
}

/** Reads a request target of the form `/in/{tenant}/{source}[/further path][?query]`; `null` for any other. */
export function parseIngestTarget(rawTarget: string): IngestUrl | null {
  const target = targetOf(rawTarget);
  const queryAt = target.indexOf('?');
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const [, prefix, tenantSlug = '', sourceSlug = ''] = path.split('/', 4);
  if (prefix !== 'in' || !SLUG.test(tenantSlug) || !SLUG.test(sourceSlug)) return null;
  return { tenantSlug, sourceSlug, target, path, query: queryAt < 0 ? '' : target.slice(queryAt + 1) };
}

/** Path and query of a request. RFC 9112, section 3.2.2: a server takes the absolute form too; what that names first is not looked at. */
export function targetOf(target: string): string {
  return target.startsWith('/') ? target : target.replace(ORIGIN, '');
}
