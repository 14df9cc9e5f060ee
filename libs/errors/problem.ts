import { type ErrorCode, errorRegistry } from './registry.js';

/** One bad field: where it is (`config.tolerance_seconds`) and what is wrong with it. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** RFC 9457 problem document as the API writes it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly FieldError[];
}

interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Further members of the document, e.g. `last_verified_at`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The one error class that leaves a service on purpose; made by {@link problem}. */
export class Problem extends Error {
  readonly status: number;

  constructor(
    readonly code: ErrorCode,
    readonly options: ProblemOptions = {},
  ) {
    super(options.detail ?? errorRegistry[code].title);
    this.status = errorRegistry[code].status;
  }
}

/** Makes the error for `code`, to be thrown. */
export function problem(code: ErrorCode, options: ProblemOptions | string = {}): Problem {
  return new Problem(code, typeof options === 'string' ? { detail: options } : options);
}

/** Makes the error for a request with bad fields; `detail` names the first one. */
export function malformed(errors: readonly FieldError[]): Problem {
  const [first] = errors;
  if (first === undefined) return problem('malformed_request');
  const detail = `${first.path === '' ? 'The request' : first.path}: ${first.message}`;
  return problem('malformed_request', { detail, errors });
}

/** Writes `error` as a problem document; `instance` is the id of the request it answers. */
export function problemDocument(error: Problem, instance: string): ProblemDocument & Record<string, unknown> {
  const { title, status } = errorRegistry[error.code];
  return {
    type: `urn:callbox:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    instance,
    ...(error.options.errors === undefined ? {} : { errors: error.options.errors }),
    ...error.options.members,
  };
}
