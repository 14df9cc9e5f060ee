import { z } from 'zod';

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'Stable; see docs/errors.md', example: 'not_found' }),
    detail: z.string(),
    instance: z.string().meta({ example: 'urn:callbox:request:01KAQ3ZX9B7T4N2M8V5C6D1E0F' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
