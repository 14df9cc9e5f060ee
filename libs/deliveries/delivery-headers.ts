import { toUlid } from '#contract';
import type { ClaimedDelivery } from './claim.js';

/** Header names and values, in the order and spelling in which they are sent. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** RFC 9110 section 7.6.1, and what is made from the URL and the body. */
const NOT_FORWARDED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The original headers less those of the connection it came by, and less ours, which nobody may forge. A provider's
 * signature stays even where it is called like one of ours: Callbox's own scheme signs in `Callbox-Signature`.
 */
export function forwardable(headers: Headers, signatureHeaders: readonly string[] = []): Headers {
  const names = headers.map(([name]) => name.toLowerCase());
  const named = headers.flatMap(([, value], index) =>
    names[index] === 'connection' ? value.split(',').map((option) => option.trim().toLowerCase()) : [],
  );
  const signatures = signatureHeaders.map((name) => name.toLowerCase());
  return headers.filter((_header, index) => {
    const name = names[index] ?? '';
    if (NOT_FORWARDED.has(name) || named.includes(name)) return false;
    return !name.startsWith('callbox-') || signatures.includes(name);
  });
}

/** `headers` with `added` in place of those of the same names. */
export function replaceHeaders(headers: Headers, added: Headers): Headers {
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...added];
}

/** What a delivery says of itself. */
export function aboutDelivery(
  delivery: Pick<ClaimedDelivery, 'id' | 'event_id' | 'attempt_number'>,
  event: { readonly sourceSlug: string; readonly receivedAt: Date; readonly hops: number },
): Headers {
  return [
    ['callbox-event-id', toUlid(delivery.event_id)],
    ['callbox-delivery-id', toUlid(delivery.id)],
    ['callbox-attempt', String(delivery.attempt_number)],
    ['callbox-source', event.sourceSlug],
    ['callbox-received-at', event.receivedAt.toISOString()],
    ['callbox-hops', String(event.hops)],
  ];
}

/** How many inboxes like this one a callback has come through, by its own account. */
export function hopsOf(headers: Headers): number {
  const value = headers.find(([name]) => name.toLowerCase() === 'callbox-hops')?.[1] ?? '';
  return /^\d{1,4}$/.test(value) ? Number(value) : 0;
}
