import { z } from 'zod';
import {
  HeaderPair,
  Id,
  IdInput,
  listOf,
  PageQuery,
  SourceReference,
  text,
  Time,
  TimeInput,
} from './fields.js';

export const DeliveryStatus = z.enum(['pending', 'succeeded', 'failed', 'held', 'cancelled']);

export const DeliveryQuery = PageQuery.extend({
  event_id: IdInput.optional().meta({ description: 'Id of an event' }),
  destination: IdInput.optional().meta({ description: 'Id of a destination' }),
  status: DeliveryStatus.optional().meta({ description: 'Where it stands' }),
});

export const DeliverySummary = z
  .object({
    id: Id,
    event_id: Id,
    destination_id: Id,
    status: DeliveryStatus,
    attempt_count: z.int(),
    next_attempt_at: Time.nullable(),
    created_at: Time,
    finished_at: Time.nullable(),
  })
  .meta({ id: 'DeliverySummary' });

export const Attempt = z
  .object({
    number: z.int(),
    started_at: Time,
    duration_ms: z.int(),
    status_code: z.int().nullable(),
    error: z.string().nullable().meta({
      description:
        'A stable code when no whole answer came; interrupted: the worker was lost, and whether the request arrived is unknown',
      example: 'connection_refused',
    }),
    response_headers: z.array(HeaderPair).nullable(),
    response_body: z.string().nullable().meta({ description: 'First 64 KiB, as text' }),
    response_truncated: z.boolean(),
  })
  .meta({ id: 'Attempt' });

export const Delivery = DeliverySummary.extend({ attempts: z.array(Attempt) }).meta({ id: 'Delivery' });

export const DeliveryList = listOf(DeliverySummary, 'DeliveryList');

export const CreateRedelivery = z
  .strictObject({
    destination: IdInput.optional().meta({
      description: 'Id of a destination; every one that matches now when absent',
    }),
  })
  .prefault({})
  .meta({ id: 'CreateRedelivery' });

const redeliveryFields = {
  id: Id,
  status: z.enum(['expanding', 'pending', 'completed', 'cancelled']).meta({
    description:
      'expanding: events are still being collected, so that total grows. completed: no delivery of it is pending any more',
  }),
  total: z.int().meta({
    description:
      'How many deliveries it comes to: the sum of the four below. Events that are erased before their turn are taken out of it',
  }),
  pending: z.int().meta({ description: 'Held ones, and those whose turn has not come, included' }),
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int().meta({ description: 'Not sent, since it was cancelled or its destination deleted' }),
  created_at: Time,
};

export const RedeliverySummary = z.object(redeliveryFields).meta({ id: 'RedeliverySummary' });

export const Redelivery = z
  .object({
    ...redeliveryFields,
    deliveries: z.array(z.object({ id: Id, event_id: Id, destination_id: Id, status: DeliveryStatus })).meta({
      description:
        'In the order in which they are sent; the first 1000. Those of long orders come to be as their destinations take them',
    }),
  })
  .meta({ id: 'Redelivery' });

export const RedeliveryList = listOf(RedeliverySummary, 'RedeliveryList');

export const CreateBulkRedelivery = z
  .strictObject({
    filter: z.strictObject({
      source: SourceReference.optional(),
      type: text(256).min(1).optional().meta({ example: 'run.completed' }),
      received_after: TimeInput.optional(),
      received_before: TimeInput.optional(),
      delivery_status: z.enum(['failed', 'never']).optional().meta({
        description:
          'Per destination. failed: its latest delivery of the event has failed. never: the event was never sent there',
      }),
    }),
    destination: IdInput.optional().meta({
      description: 'Id of a destination; every one that matches now when absent',
    }),
    per_second: z.int().min(1).max(10_000).optional().meta({ description: 'As fast as can be when absent' }),
    dry_run: z.boolean().optional().meta({ description: 'Counts, and does nothing else' }),
  })
  .meta({ id: 'CreateBulkRedelivery' });

/** What a dry run answers. */
export const RedeliveryCount = z
  .object({
    total: z.int(),
    is_partial: z.literal(true).optional().meta({
      description: 'There was not the time to count them all: there are more than total',
    }),
  })
  .meta({ id: 'RedeliveryCount' });

/** A redelivery or, of a dry run, the bare count. */
export const BulkRedelivery = z.union([Redelivery, RedeliveryCount]);
