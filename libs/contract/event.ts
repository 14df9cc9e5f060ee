import { z } from 'zod';
import { HeaderPair, Id, listOf, PageQuery, SourceReference, text, Time, TimeInput } from './fields.js';

export const EventQuery = PageQuery.extend({
  source: SourceReference.optional(),
  provider: text(63).optional().meta({ description: 'Id of a provider', example: 'runflow' }),
  type: text(256).optional().meta({ description: 'Event type, exactly', example: 'run.completed' }),
  run_id: text(256).optional().meta({ description: 'Id of a run', example: 'run_1' }),
  provider_event_id: text(256).optional().meta({ description: 'The provider’s own id of the event' }),
  received_after: TimeInput.optional(),
  received_before: TimeInput.optional(),
  q: text(4_096)
    .optional()
    .meta({ description: 'Matches ids (event, provider’s, run) and header values exactly' }),
});

export const Event = z
  .object({
    id: Id,
    source: z.string().meta({ description: 'Slug of the source' }),
    provider: z.string(),
    type: z.string().nullable(),
    provider_event_id: z.string().nullable(),
    run_id: z.string().nullable(),
    received_at: Time,
    method: z.string(),
    path: z.string().meta({ example: '/in/default/runflow' }),
    content_type: z.string().nullable(),
    size: z.int().meta({ description: 'Bytes of the body' }),
    duplicate_count: z.int(),
    verification: z.object({
      scheme: z.string(),
      secret_id: Id.nullable(),
      secret_label: z.string().nullable(),
      signed_at: Time.nullable(),
    }),
    deliveries: z.object({
      pending: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      held: z.int(),
    }),
  })
  .meta({ id: 'Event' });

export const EventDetail = Event.extend({
  query: z.string().meta({ description: 'As received, without the question mark' }),
  headers: z
    .array(HeaderPair)
    .meta({ description: 'In the order received; credentials are shown as [redacted]' }),
  body: z.string().optional().meta({ description: 'When it is UTF-8; at most 256 KiB' }),
  body_base64: z.string().optional().meta({ description: 'When it is not UTF-8' }),
  body_truncated: z.boolean(),
}).meta({ id: 'EventDetail' });

export const EventList = listOf(Event, 'EventList');

export const EventStreamQuery = z.strictObject({
  source: SourceReference.optional(),
  last_event_id: text(64).optional().meta({
    description: 'The same as the header `Last-Event-ID`, for clients that cannot send it; the header counts',
  }),
});
