/** What a list of events shows of one. */
export interface EventRow {
  readonly id: string;
  readonly source_id: string;
  readonly provider: string;
  readonly type: string | null;
  readonly provider_event_id: string | null;
  readonly run_id: string | null;
  readonly received_at: Date;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly content_type: string | null;
  readonly size: number;
  readonly duplicate_count: number;
  readonly scheme: string;
  readonly secret_id: string | null;
  readonly secret_label: string | null;
  readonly signed_at: Date | null;
}

/** Which events a list shows; what is absent does not matter. */
export interface EventFilter {
  readonly sourceIds?: readonly string[] | undefined;
  readonly provider?: string | undefined;
  readonly type?: string | undefined;
  readonly runId?: string | undefined;
  readonly providerEventId?: string | undefined;
  readonly receivedAfter?: Date | undefined;
  readonly receivedBefore?: Date | undefined;
  /**
   * Matches an id (event's, provider's, run's) or a header value exactly; `eventId` is `q` read as an event id.
   * `inHeaders`: the ids have been shown.
   */
  readonly q?:
    { readonly text: string; readonly eventId: string | undefined; readonly inHeaders: boolean } | undefined;
}

/** The columns of an {@link EventRow}, from events `e` and what {@link joined} adds. */
export const shown = `e.id, e.source_id, e.provider, e.type, e.provider_event_id, e.run_id, e.received_at, e.method, e.path,
  e.query, e.content_type, e.size, e.duplicate_count + coalesce(d.count, 0) as duplicate_count, e.scheme, e.secret_id,
  k.label as secret_label, e.signed_at`;

/** What stands elsewhere of events `e`: the secrets that verified them, and their duplicates since these are counted apart. */
export const joined = `left join callback_secrets k on k.tenant_id = e.tenant_id and k.id = e.secret_id
  left join duplicate_counts d on d.tenant_id = e.tenant_id and d.event_id = e.id`;
