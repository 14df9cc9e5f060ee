import { z } from 'zod';
import { HeaderPair, text } from './fields.js';

export const CreateTestEvent = z
  .strictObject({
    type: text(256)
      .min(1)
      .optional()
      .meta({ description: 'Event type; the provider’s usual one when absent', example: 'run.completed' }),
    body: text(65_536)
      .optional()
      .meta({ description: 'A body of your own, in place of the sample’s; it is signed and sent as it is' }),
  })
  .prefault({})
  .meta({ id: 'CreateTestEvent' });

export const TestEvent = z
  .object({
    status_code: z.int().meta({ description: 'What the inbox answered', example: 200 }),
    event_id: z.string().nullable().meta({
      description: 'null when the inbox refused it, or the source answers with a response of its own',
      example: '01KAQ3ZX9B7T4N2M8V5C6D1E0F',
    }),
    request: z
      .object({
        method: z.string(),
        url: z.string(),
        headers: z.array(HeaderPair).meta({ description: 'With the signature' }),
        body: z.string(),
      })
      .meta({ description: 'The callback that was sent, to be sent again by hand' }),
  })
  .meta({ id: 'TestEvent' });
