import { toUlid } from '#contract';
import { problem, problemDocument } from '#errors';
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

/** Turns an outcome into the answer of the contract. A refusal never says which part of the verification failed. */
export function replyTo(outcome: Outcome, requestId: string): Reply {
  switch (outcome.kind) {
    case 'accepted':
      return outcome.source.config.response === undefined
        ? receipt(outcome.eventId, 'accepted')
        : ownReply(outcome.source.config.response);
    case 'duplicate':
      return receipt(outcome.eventId, 'duplicate');
    case 'rejected':
      return outcome.reason === 'body_too_large'
        ? problemReply('body_too_large', requestId, { closes: true })
        : problemReply('signature_invalid', requestId);
    case 'not_found':
    case 'aborted':
      return problemReply('not_found', requestId, { closes: true });
    case 'method_not_allowed':
      return problemReply('method_not_allowed', requestId, {
        headers: { allow: 'POST, PUT, PATCH' },
        closes: true,
      });
    case 'unavailable': {
      const seconds = RETRY_AFTER_SECONDS + Math.floor(Math.random() * RETRY_AFTER_SPREAD_SECONDS);
      return problemReply('unavailable', requestId, {
        headers: { 'retry-after': String(seconds) },
        closes: true,
      });
    }
  }
}

function receipt(eventId: string, status: 'accepted' | 'duplicate'): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"id":"${toUlid(eventId)}","status":"${status}"}`,
    closes: false,
  };
}

function ownReply(response: {
  status?: number | undefined;
  content_type?: string | undefined;
  body?: string | undefined;
}): Reply {
  return {
    status: response.status ?? 200,
    headers: {
      'content-type': response.content_type ?? 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    },
    body: response.body ?? '',
    closes: false,
  };
}

type InboxProblem =
  'body_too_large' | 'signature_invalid' | 'not_found' | 'method_not_allowed' | 'unavailable';

function problemReply(
  code: InboxProblem,
  requestId: string,
  options: { headers?: Record<string, string>; closes?: boolean } = {},
): Reply {
  const document = problemDocument(problem(code), `urn:callbox:request:${requestId}`);
  return {
    status: document.status,
    headers: { 'content-type': 'application/problem+json', ...options.headers },
    body: JSON.stringify(document),
    closes: options.closes ?? false,
  };
}
