import { type FieldError, malformed, type Problem } from '#errors';

const MOST_ERRORS = 50;

/** What a Standard Schema says of one mistake; zod adds the names of fields that it does not know. */
interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly keys?: readonly string[];
  /** What is wrong with the name of a field, where any name would do. */
  readonly issues?: readonly { readonly message: string }[];
}

/** Turns what a schema found wrong with a request into a problem that names every bad field. */
export function validationProblem(issues: readonly Issue[]): Problem {
  return malformed(issues.flatMap(fieldErrors).slice(0, MOST_ERRORS));
}

function fieldErrors({ message, path = [], keys, issues }: Issue): FieldError[] {
  const at = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  if (keys === undefined) {
    const isMissing = at.length > 0 && message.endsWith('received undefined');
    return [{ path: at.join('.'), message: isMissing ? 'is required' : (issues?.[0]?.message ?? message) }];
  }
  return keys.map((key) => ({ path: [...at, key].join('.'), message: 'is not a field of this request' }));
}
