import { z } from 'zod';

export const Receipt = z
  .object({
    id: z.string().meta({
      description: 'The event; of a duplicate, the first one',
      example: '01KAQ3ZX9B7T4N2M8V5C6D1E0F',
    }),
    status: z.enum(['accepted', 'duplicate']),
  })
  .meta({ id: 'Receipt' });
