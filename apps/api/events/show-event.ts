import type { DeliveryCounts } from '#deliveries';
import type { EventRow } from '#events';

const NO_DELIVERIES: DeliveryCounts = { pending: 0, succeeded: 0, failed: 0, held: 0 };

/** An event as lists and streams show it. */
export function showEvent(
  event: Omit<EventRow, 'query'>,
  source: string | undefined,
  deliveries: DeliveryCounts | undefined,
): object {
  return {
    ...event,
    source: source ?? '',
    verification: {
      scheme: event.scheme,
      secret_id: event.secret_id,
      secret_label: event.secret_label,
      signed_at: event.signed_at,
    },
    deliveries: deliveries ?? NO_DELIVERIES,
  };
}
