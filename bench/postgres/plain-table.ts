/**
 * One event as one row, with as many columns and bytes as Callbox keeps of it, and the three indexes that it cannot do
 * without: the key, the list of a source, and recognising duplicates.
 */
export const PLAIN_TABLE = `
  create table plain_events (
    tenant_id uuid not null,
    id uuid not null,
    source_id uuid not null,
    provider text not null,
    received_at timestamptz(3) not null,
    method text not null,
    path text not null,
    content_type text,
    size integer not null,
    headers jsonb not null,
    body bytea not null,
    dedupe_key text not null,
    primary key (tenant_id, id)
  );
  create index plain_events_source on plain_events (tenant_id, source_id, id);
  create unique index plain_events_dedupe on plain_events (tenant_id, source_id, dedupe_key);
`;
