import type { ReceivedCallback } from '#events';
import type { PublishedDocuments, RefusalReason } from '#signatures';
import type { LiveSource } from '#sources';

/** A callback that has been refused, and answered so. */
export interface RefusedCallback {
  readonly source: LiveSource;
  readonly reason: RefusalReason | 'body_too_large';
  /** With an empty body where that was not read to its end. */
  readonly callback: ReceivedCallback;
  /** Path and query as they stood on the wire. */
  readonly target: string;
  readonly remoteIp: string | null;
  readonly published: PublishedDocuments;
}
