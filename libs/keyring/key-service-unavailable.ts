import { Problem } from '#errors';
import { OUTBOUND_FAILURES, type OutboundFailureCode } from '#outbound';

const REFUSALS = {
  not_authorized:
    'It does not accept the credentials: they are wrong, have expired, or may not use this key.',
  key_not_found: 'It has no such key, or none that can encrypt.',
  key_disabled: 'The key is disabled or about to be deleted.',
  throttled: 'It has been asked too often.',
  busy: 'Too many keys are being asked for at once.',
  service_down: 'It answers that it cannot work now (sealed, starting or broken).',
  refused: 'It refused the request.',
  answer_invalid: 'Its answer cannot be understood.',
} as const;

/** Why a key service could not be used: a code, never what it was asked or what it said. */
export type KeyServiceFailure = keyof typeof REFUSALS | OutboundFailureCode;

const RETRY_AFTER_SECONDS = 5;

/**
 * The service that holds the keys did not do its work. Whoever calls is told no more than that Callbox cannot take the
 * request now (503); service and reason are for the operator.
 */
export class KeyServiceUnavailable extends Problem {
  constructor(
    readonly service: string,
    readonly reason: KeyServiceFailure,
  ) {
    super('unavailable', { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } });
  }

  /** A sentence or two for the operator. */
  get explanation(): string {
    const sentences: Readonly<Record<KeyServiceFailure, string>> = { ...OUTBOUND_FAILURES, ...REFUSALS };
    return `The key service ${this.service} cannot be used (${this.reason}). ${sentences[this.reason]}`;
  }
}
