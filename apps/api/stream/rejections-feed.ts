import type pg from 'pg';
import { Rejection } from '#contract';
import { type Entry, readStored, type StoredTable } from '#events';
import type { RejectionRow, Rejections, ShownRejection } from '#rejections';
import type { Bounds, Cursor, Feed, FeedItem } from './feed.js';

type StreamedRejection = RejectionRow & Entry & { readonly tenant_id: string; readonly slug: string };

const rejections: StoredTable = {
  name: 'rejections',
  columns: `e.tenant_id, e.source_id, e.received_at, e.reason, e.diagnosis_code, e.diagnosis_cause, e.diagnosis_fix, e.method,
    e.path, e.query, e.headers, e.remote_ip, e.size, e.excerpt, e.body is not null as reverifiable,
    coalesce(s.slug, '') as slug`,
  joins: 'left join sources s on s.tenant_id = e.tenant_id and s.id = e.source_id',
};

const WITHOUT_BODY = { body_excerpt: null, body_excerpt_base64: null };

/** Refused callbacks. */
export class RejectionsFeed implements Feed {
  readonly kind = 'rejection';
  readonly table = 'rejections';

  constructor(
    private readonly pool: pg.Pool,
    private readonly rejections: Pick<Rejections, 'show'>,
    /** Told when those of a tenant cannot be shown; they are read again. */
    private readonly onError: (error: unknown) => void,
  ) {}

  async readAcrossTenants(
    cursors: readonly Cursor[],
    bounds: Bounds,
  ): Promise<(readonly FeedItem[] | null)[]> {
    const pages = await readStored<StreamedRejection>(this.pool, rejections, cursors, bounds);
    return Promise.all(pages.map((page) => this.itemsOf(page)));
  }

  private async itemsOf(page: readonly StreamedRejection[]): Promise<readonly FeedItem[] | null> {
    const [first] = page;
    if (first === undefined) return [];
    try {
      // Their bytes are kept under the tenant's key, and the service that opens it may be away.
      const shown = await this.rejections.show(first.tenant_id, page);
      return page.map((rejection, index) => itemOf(rejection, shown[index]));
    } catch (error) {
      this.onError(error);
      return null;
    }
  }
}

function itemOf(
  { id, storedIn, source_id, slug }: StreamedRejection,
  shown: ShownRejection | undefined,
): FeedItem {
  const written = new Map<boolean, string>();
  const write = (seesBodies: boolean): string =>
    JSON.stringify(Rejection.parse({ ...shown, source: slug, ...(seesBodies ? {} : WITHOUT_BODY) }));
  return {
    id,
    storedIn,
    sourceId: source_id,
    source: slug,
    json(seesBodies) {
      const json = written.get(seesBodies) ?? write(seesBodies);
      written.set(seesBodies, json);
      return json;
    },
  };
}
