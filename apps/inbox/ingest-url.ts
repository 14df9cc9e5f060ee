/** The parts of an ingest URL's path and query, as they stood on the wire. */
export interface IngestUrl {
  readonly tenantSlug: string;
  readonly sourceSlug: string;
  /** The whole path, further path included, undecoded. */
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

const INGEST_PREFIX = '/in/';
const SLUG = /^[a-z0-9-]{1,63}$/;

/** Whether a request target belongs to the inbox at all. */
export function isIngestTarget(target: string): boolean {
  return target.startsWith(INGEST_PREFIX);
}

/** Reads a request target of the form `/in/{tenant}/{source}[/further path][?query]`; `null` for any other. */
export function parseIngestTarget(target: string): IngestUrl | null {
  const queryAt = target.indexOf('?');
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const [, , tenantSlug = '', sourceSlug = ''] = path.split('/', 4);
  if (!SLUG.test(tenantSlug) || !SLUG.test(sourceSlug)) return null;
  return { tenantSlug, sourceSlug, path, query: queryAt < 0 ? '' : target.slice(queryAt + 1) };
}
