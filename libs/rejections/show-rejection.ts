import type { DataKey } from '#keyring';
import { openExcerpt } from './kept-rejection.js';

/** What is read of a rejection for showing it. */
export interface RejectionRow {
  readonly id: string;
  readonly source_id: string;
  readonly received_at: Date;
  readonly reason: string;
  readonly diagnosis_code: string;
  readonly diagnosis_cause: string;
  readonly diagnosis_fix: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly remote_ip: string | null;
  readonly size: number | null;
  readonly excerpt: Buffer | null;
  readonly reverifiable: boolean;
}

/** A rejection as the API shows it, but for the slug of its source. */
export interface ShownRejection extends Omit<RejectionRow, 'headers' | 'excerpt'> {
  readonly diagnosis: { readonly code: string; readonly cause: string; readonly fix: string };
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body_excerpt: string | null;
  readonly body_excerpt_base64: string | null;
}

/** The columns of {@link RejectionRow}. */
export const rejectionColumns = `id, source_id, received_at, reason, diagnosis_code, diagnosis_cause, diagnosis_fix, method,
  path, query, headers, remote_ip, size, excerpt, body is not null as reverifiable`;

/** A rejection for its owner's eyes: credentials are cut out, the beginning of the body is decrypted. */
export function showRejection({ headers, excerpt, ...row }: RejectionRow, dataKey: DataKey): ShownRejection {
  return {
    ...row,
    diagnosis: { code: row.diagnosis_code, cause: row.diagnosis_cause, fix: row.diagnosis_fix },
    headers: headers.map(([name, value]) => [name, value ?? '[redacted]'] as const),
    ...(excerpt === null
      ? { body_excerpt: null, body_excerpt_base64: null }
      : openExcerpt({ ...row, excerpt }, dataKey)),
  };
}
