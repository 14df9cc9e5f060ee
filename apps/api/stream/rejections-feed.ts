import type pg from 'pg';
import { Rejection } from '#contract';
import { type Entry, readStored, type StoredTable } from '#events';
import type { DataKey } from '#keyring';
import { type RejectionRow, showRejection } from '#rejections';
import type { TenantKeys } from '#tenants';
import type { Bounds, Cursor, Feed, FeedItem } from './feed.js';

type StreamedRejection = RejectionRow & Entry & { readonly slug: string };

const rejections: StoredTable = {
  name: 'rejections',
  columns: `e.source_id, e.received_at, e.reason, e.diagnosis_code, e.diagnosis_cause, e.diagnosis_fix, e.method, e.path,
    e.query, e.headers, e.remote_ip, e.size, e.excerpt, e.body is not null as reverifiable, coalesce(s.slug, '') as slug`,
  joins: 'left join sources s on s.tenant_id = e.tenant_id and s.id = e.source_id',
};

/** Refused callbacks. */
export class RejectionsFeed implements Feed {
  readonly kind = 'rejection';
  readonly table = 'rejections';

  constructor(
    private readonly pool: pg.Pool,
    private readonly tenantKeys: TenantKeys,
  ) {}

  async readAcrossTenants(cursors: readonly Cursor[], bounds: Bounds): Promise<FeedItem[][]> {
    const pages = await readStored<StreamedRejection>(this.pool, rejections, cursors, bounds);
    return Promise.all(
      pages.map(async (page, index) => {
        const tenantId = cursors[index]?.tenantId;
        if (page.length === 0 || tenantId === undefined) return [];
        const dataKey = await this.tenantKeys.open(tenantId);
        return page.map((rejection) => itemOf(rejection, dataKey));
      }),
    );
  }
}

function itemOf(rejection: StreamedRejection, dataKey: DataKey): FeedItem {
  const { id, storedIn, source_id: sourceId, slug: source } = rejection;
  const texts = new Map<boolean, string>();
  const json = (seesBodies: boolean): string => {
    const hidden = seesBodies ? {} : { body_excerpt: null, body_excerpt_base64: null };
    return JSON.stringify(Rejection.parse({ ...showRejection(rejection, dataKey), source, ...hidden }));
  };
  return {
    id,
    storedIn,
    sourceId,
    source,
    json: (seesBodies) => {
      const text = texts.get(seesBodies) ?? json(seesBodies);
      texts.set(seesBodies, text);
      return text;
    },
  };
}
