import { z } from 'zod';

export const Provider = z
  .object({
    id: z.string().meta({ example: 'runflow' }),
    name: z.string().meta({ example: 'Runflow' }),
    scheme: z.string().meta({ example: 'hmac' }),
    secret_format: z.string(),
    secret_source: z.enum(['generated', 'imported', 'either', 'none']),
    signature_headers: z.array(z.string()),
    signs_timestamp: z.boolean(),
    default_tolerance_seconds: z.int().nullable(),
    can_resign: z
      .boolean()
      .meta({ description: 'Whether deliveries can be signed in the provider’s own scheme' }),
    handshake: z.string().nullable(),
    docs_url: z.string(),
    confidence: z.enum(['verified', 'second_hand']),
  })
  .meta({ id: 'Provider' });

export const ProviderList = z
  .object({ data: z.array(Provider), next_cursor: z.string().nullable() })
  .meta({ id: 'ProviderList' });
