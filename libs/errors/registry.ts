/** Every error code: stable, never renamed or reused. `docs/errors.md` is compared with this table by a test. */
export const errorRegistry = {
  malformed_request: { status: 400, title: 'The request is malformed' },
  unauthorized: { status: 401, title: 'No valid API key' },
  signature_invalid: { status: 401, title: 'The callback could not be verified' },
  forbidden: { status: 403, title: 'The role of this API key is too low' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'This method is not allowed here' },
  request_timeout: { status: 408, title: 'The request came too slowly' },
  conflict: { status: 409, title: 'This conflicts with what is there' },
  slug_taken: { status: 409, title: 'The slug is taken' },
  secret_in_use: { status: 409, title: 'The callback secret is still in use' },
  last_admin_key: { status: 409, title: 'A tenant keeps one admin key' },
  idempotency_in_progress: { status: 409, title: 'The first request with this Idempotency-Key is under way' },
  delivery_not_retryable: { status: 409, title: 'The delivery is on its way already' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  source_not_found: { status: 422, title: 'The request names a source that is not there' },
  destination_not_found: { status: 422, title: 'The request names a destination that is not there' },
  provider_unknown: { status: 422, title: 'There is no such provider' },
  secret_invalid: { status: 422, title: 'The secret cannot be one of this provider' },
  destination_not_allowed: { status: 422, title: 'Deliveries may not reach this URL' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key belongs to another request' },
  no_sample: { status: 422, title: 'There is no sample of such a callback' },
  cannot_sign: { status: 422, title: 'Callbox cannot sign callbacks of this source' },
  no_url_token: { status: 422, title: 'The ingest URL of this source has no token' },
  no_destination: { status: 422, title: 'No destination matches' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Callbox cannot take this now' },
} as const satisfies Record<string, { status: number; title: string }>;

/** A stable error code of the API. */
export type ErrorCode = keyof typeof errorRegistry;
