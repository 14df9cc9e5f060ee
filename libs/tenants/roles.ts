/** Roles of API keys, from the least to the most that they may do. */
export const roles = ['viewer', 'developer', 'admin'] as const;

/** Role of an API key. */
export type Role = (typeof roles)[number];

/** Whether a caller of role `actual` may do what asks for `required`. */
export function mayActAs(actual: Role, required: Role): boolean {
  return roles.indexOf(actual) >= roles.indexOf(required);
}
