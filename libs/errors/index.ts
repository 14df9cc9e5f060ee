// Errors of the API: one registry of codes, written as RFC 9457 problem documents.
// May know: HTTP statuses and Nest's filter interface.
// Must not: know any resource, table or provider. Expected outcomes are values, not errors.
export { errorRegistry } from './registry.js';
export type { ErrorCode } from './registry.js';
export { malformed, Problem, problem, problemDocument } from './problem.js';
export type { FieldError, ProblemDocument } from './problem.js';
export { ProblemFilter } from './problem.filter.js';
export type { AllowedMethods } from './problem.filter.js';
