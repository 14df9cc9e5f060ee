import { z } from 'zod';
import { HeaderPair, Id, IdInput, listOf, PageQuery, Time } from './fields.js';

export const DeliveryStatus = z.enum(['pending', 'succeeded', 'failed', 'held', 'cancelled']);

export const DeliveryQuery = PageQuery.extend({
  event_id: IdInput.optional(),
  destination: IdInput.optional().meta({ description: 'Id of a destination' }),
  status: DeliveryStatus.optional(),
});

export const DeliverySummary = z
  .object({
    id: Id,
    event_id: Id,
    destination_id: Id,
    status: DeliveryStatus,
    attempt_count: z.number(),
    next_attempt_at: Time.nullable(),
    created_at: Time,
    finished_at: Time.nullable(),
  })
  .meta({ id: 'DeliverySummary' });

export const Attempt = z
  .object({
    number: z.number(),
    started_at: Time,
    duration_ms: z.number(),
    status_code: z.number().nullable(),
    error: z
      .string()
      .nullable()
      .meta({ description: 'A stable code when no whole answer came', example: 'connection_refused' }),
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

export const Redelivery = z
  .object({
    id: Id,
    status: z.enum(['pending', 'completed', 'cancelled']),
    total: z.number(),
    pending: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    deliveries: z.array(z.object({ id: Id, event_id: Id, destination_id: Id, status: DeliveryStatus })),
  })
  .meta({ id: 'Redelivery' });
