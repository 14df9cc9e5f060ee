import type { Callback, HandshakeReply } from '#providers';
import type { LiveSource } from '#sources';

const RECEIVING_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH'];

/** The methods a source takes: those of callbacks, and those of its provider's handshake. */
export function methodsOf(source: LiveSource): readonly string[] {
  const ofHandshake = source.preset.handshake?.methods;
  return ofHandshake === undefined ? RECEIVING_METHODS : [...RECEIVING_METHODS, ...ofHandshake];
}

/** Whether callbacks, and not only questions, come by this method. */
export function carriesCallbacks(method: string): boolean {
  return RECEIVING_METHODS.includes(method);
}

/**
 * The answer to a provider's question, or `null` when the request is none. `proven` says whether the request has been
 * verified: a question that its provider signs is answered only then.
 */
export function answerHandshake(
  source: LiveSource,
  request: Callback,
  { proven, nowMs }: { proven: boolean; nowMs: number },
): HandshakeReply | null {
  const { handshake } = source.preset;
  if (handshake === undefined || handshake.isSigned !== proven) return null;
  const keys = source.keys.filter((key) => key.expiresAtMs > nowMs);
  return handshake.answer(request, { keys, config: source.config });
}
