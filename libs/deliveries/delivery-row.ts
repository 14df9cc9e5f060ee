/** Where a delivery stands. */
export type DeliveryStatus = 'pending' | 'succeeded' | 'failed' | 'held' | 'cancelled';

/** One event on its way to one destination. */
export interface DeliveryRow {
  readonly id: string;
  readonly event_id: string;
  readonly destination_id: string;
  readonly status: DeliveryStatus;
  readonly attempt_count: number;
  readonly next_attempt_at: Date | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

/** Which deliveries a list shows; what is absent does not matter. */
export interface DeliveryFilter {
  readonly eventId?: string | undefined;
  readonly destinationId?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
}
