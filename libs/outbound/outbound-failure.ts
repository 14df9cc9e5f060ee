/** Why a request got no whole answer: stable codes, with the sentence a tenant may read. */
export const OUTBOUND_FAILURES = {
  url_invalid: 'The URL is not an absolute http or https URL without credentials and fragment.',
  request_invalid: 'The method or a header cannot be sent over HTTP/1.1.',
  destination_not_allowed: 'The address or port of the URL may not be reached from here.',
  dns_failed: 'The host name could not be resolved.',
  connection_refused: 'The connection was refused.',
  connection_failed: 'No connection could be made.',
  connection_timeout: 'No connection was made within the time allowed for it.',
  connection_reset: 'The connection was closed before the whole answer had come.',
  tls_certificate_expired: 'The certificate has expired.',
  tls_certificate_untrusted: 'The certificate was not issued by a trusted authority.',
  tls_name_mismatch: 'The certificate is for another host name.',
  tls_failed: 'TLS 1.2 or newer could not be agreed on.',
  timeout: 'The whole answer had not come when the time was over.',
  response_invalid: 'The answer does not follow HTTP/1.1.',
  headers_too_large: 'The headers of the answer are too large.',
  client_closed: 'The request was cut off because the sending process stopped.',
} as const;

/** A code of {@link OUTBOUND_FAILURES}; public, so it never says anything of the network behind it. */
export type OutboundFailureCode = keyof typeof OUTBOUND_FAILURES;

/** What had come of an answer when it broke off. */
export interface PartialAnswer {
  readonly statusCode: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** How a failure travels inside this lib; callers of the lib get the code as a value. */
export class OutboundFailure extends Error {
  constructor(
    readonly code: OutboundFailureCode,
    /** When the answer broke off after its header. */
    readonly partial: PartialAnswer | null = null,
  ) {
    super(OUTBOUND_FAILURES[code]);
    this.name = 'OutboundFailure';
  }
}

const CODES: Readonly<Record<string, OutboundFailureCode>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  EPIPE: 'connection_reset',
  ETIMEDOUT: 'connection_timeout',
  CERT_HAS_EXPIRED: 'tls_certificate_expired',
  CERT_NOT_YET_VALID: 'tls_certificate_untrusted',
  CERT_REJECTED: 'tls_certificate_untrusted',
  CERT_REVOKED: 'tls_certificate_untrusted',
  CERT_UNTRUSTED: 'tls_certificate_untrusted',
  CERT_SIGNATURE_FAILURE: 'tls_certificate_untrusted',
  CERT_CHAIN_TOO_LONG: 'tls_certificate_untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_certificate_untrusted',
  INVALID_CA: 'tls_certificate_untrusted',
  INVALID_PURPOSE: 'tls_certificate_untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_certificate_untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls_certificate_untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_certificate_untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_certificate_untrusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls_name_mismatch',
  EPROTO: 'tls_failed',
  UND_ERR_DESTROYED: 'connection_reset',
  UND_ERR_HEADERS_OVERFLOW: 'headers_too_large',
  UND_ERR_INVALID_ARG: 'request_invalid',
  UND_ERR_NOT_SUPPORTED: 'request_invalid',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection_reset',
  UND_ERR_SOCKET: 'connection_reset',
};

/**
 * Reduces whatever Node or undici report to one public code. `statusCode` is that of the answer when its header had
 * come. Reads properties and not classes, for undici reports some breaches of HTTP by name or message alone.
 */
export function failureCodeOf(error: unknown, statusCode: number | null = null): OutboundFailureCode {
  if (error instanceof OutboundFailure) return error.code;
  const { code, message, name } = error as { code?: unknown; message?: unknown; name?: unknown };
  if (name === 'HTTPParserError') return 'response_invalid';
  if (typeof code !== 'string') return 'connection_failed';
  // One code for "the peer broke HTTP" (an unasked 100 or 101) and "the peer went away".
  if (code === 'UND_ERR_SOCKET' && /^bad (response|upgrade)$/.test(String(message)))
    return 'response_invalid';
  // One code for lengths that contradict each other, seen in the header, and for a body that was cut short.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && statusCode === null) return 'response_invalid';
  return CODES[code] ?? (/^ERR_(SSL|TLS|OSSL)_/.test(code) ? 'tls_failed' : 'connection_failed');
}
