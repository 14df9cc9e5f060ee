/** What kept the built-in PostgreSQL from starting. */
export type EmbeddedPostgresProblem =
  'binaries_missing' | 'cannot_run' | 'data_dir_in_use' | 'data_dir_unusable' | 'start_failed';

/** Says in its message what is wrong and what the operator can do about it; fit to be shown as it is. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly problem: EmbeddedPostgresProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What an error says of itself, whatever was thrown. */
export function messageOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return hasMessage ? String(error.message) : String(error);
}

/** The way out that is always there. */
export const USE_DATABASE_URL = 'set DATABASE_URL to a PostgreSQL 15 or newer';

/** The code of a system error (`ENOENT`), or `undefined` for any other value. */
export function systemCode(error: unknown): string | undefined {
  // Not by instanceof: under jest the errors of node:fs come from another realm.
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : undefined;
}
