// Why a callback was refused: tries what usually goes wrong, and says what to do about it.
// May know: signatures, providers, the words of the API. Gets time, keys and what is published as arguments.
// Must not: touch network, files or clock; let anything in; say anything to a sender; repeat a secret.
export { diagnose } from './diagnose.js';
export type { Diagnosis, DiagnosisFacts, KnownSecret, Refused } from './refused.js';
