import { toUlid } from '#contract';
import { problem, problemDocument } from '#errors';
import type { HandshakeReply } from '#providers';
import type { LiveSource } from '#sources';
import { methodsOf } from './handshake.js';
import type { Outcome } from './receive.js';

/** An answer of the inbox. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the sender may still be sending a body that nobody will read. */
  readonly closes: boolean;
}

const RETRY_AFTER_SECONDS = 5;
const RETRY_AFTER_SPREAD_SECONDS = 10;

/**
 * Turns an outcome into the answer of the contract; `null` when nobody is there to hear it. `requestId` is that of the event
 * when one was stored. A refusal never says which part of the verification failed.
 */
export function replyTo(outcome: Outcome, requestId: string): Reply | null {
  switch (outcome.kind) {
    case 'accepted':
      return ownReply(outcome.source) ?? outcome.wanted ?? receipt(requestId, 'accepted');
    case 'duplicate':
      return outcome.wanted ?? receipt(toUlid(outcome.eventId), 'duplicate');
    case 'handshake':
      return handshakeReply(outcome.reply);
    case 'rejected':
      return outcome.reason === 'body_too_large'
        ? problemReply('body_too_large', requestId, { closes: true })
        : problemReply('signature_invalid', requestId);
    case 'aborted':
      return null;
    case 'not_found':
      return problemReply('not_found', requestId, { closes: true });
    case 'method_not_allowed':
      return problemReply('method_not_allowed', requestId, {
        headers: { allow: methodsOf(outcome.source).join(', ') },
        closes: true,
      });
    case 'too_slow':
      // Also when little is missing: the rest would be waited for once more.
      return problemReply('request_timeout', requestId, { headers: { connection: 'close' }, closes: true });
    case 'rate_limited':
      return problemReply('too_many_requests', requestId, {
        headers: { 'retry-after': String(Math.ceil(outcome.waitSeconds)) },
        closes: true,
      });
    case 'overloaded':
    case 'unavailable':
      return unavailableReply(requestId);
  }
}

/** Turns a callback away, to come again; those turned away together are spread over some seconds. */
export function unavailableReply(requestId: string): Reply {
  const headers = UNAVAILABLE_HEADERS[Math.floor(Math.random() * RETRY_AFTER_SPREAD_SECONDS)] ?? {};
  return { status: 503, headers, body: UNAVAILABLE_TEXT.replace(REQUEST_ID, requestId), closes: true };
}

function handshakeReply({ status, headers, body }: HandshakeReply): Reply {
  // What is reflected came from outside: a browser must take it for nothing but what it is declared to be.
  return {
    status,
    headers: { ...Object.fromEntries(headers), 'x-content-type-options': 'nosniff' },
    body,
    closes: false,
  };
}

function receipt(id: string, status: 'accepted' | 'duplicate'): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"id":"${id}","status":"${status}"}`,
    closes: false,
  };
}

/** The answer that the owner of the source has chosen; it goes before what the provider insists on. */
function ownReply({ config: { response } }: LiveSource): Reply | null {
  if (response === undefined) return null;
  const status = response.status ?? 200;
  // RFC 9110, sections 15.3.5 and 15.3.6: these two have no content.
  if (status === 204 || status === 205) return { status, headers: {}, body: '', closes: false };
  return {
    status,
    headers: {
      'content-type': response.content_type ?? 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    },
    body: response.body ?? '',
    closes: false,
  };
}

/** Made once: what differs from answer to answer is the id of the request, and an error's stack is not for free. */
const PROBLEMS = {
  body_too_large: problem('body_too_large'),
  signature_invalid: problem('signature_invalid'),
  not_found: problem('not_found'),
  method_not_allowed: problem('method_not_allowed'),
  request_timeout: problem('request_timeout'),
  too_many_requests: problem('too_many_requests'),
  unavailable: problem('unavailable'),
} as const;

/** Written in advance: when there are many to turn away, each must cost as little as can be. */
const REQUEST_ID = '{request id}';
const UNAVAILABLE_TEXT = JSON.stringify(
  problemDocument(PROBLEMS.unavailable, `urn:callbox:request:${REQUEST_ID}`),
);
const UNAVAILABLE_HEADERS = Array.from({ length: RETRY_AFTER_SPREAD_SECONDS }, (_, more) => ({
  'content-type': 'application/problem+json',
  'retry-after': String(RETRY_AFTER_SECONDS + more),
}));

type InboxProblem = keyof typeof PROBLEMS;

function problemReply(
  code: InboxProblem,
  requestId: string,
  options: { headers?: Record<string, string>; closes?: boolean } = {},
): Reply {
  const document = problemDocument(PROBLEMS[code], `urn:callbox:request:${requestId}`);
  return {
    status: document.status,
    headers: { 'content-type': 'application/problem+json', ...options.headers },
    body: JSON.stringify(document),
    closes: options.closes ?? false,
  };
}
