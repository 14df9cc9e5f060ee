import { z } from 'zod';

/** The name of a header. */
export const HeaderName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/, 'must be a header name')
  .meta({ example: 'X-Signature' });

/** The name of a field in a header like `t=…,v1=…`. */
export const FieldName = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be letters, digits, _ or -');

/** What is signed: text with `${body}` and, where a time is signed, `${timestamp}`. */
export const Template = z
  .string()
  .max(256)
  .refine(
    (template) => template.includes('${body}'),
    'must contain ${body}: else anybody could send another one',
  )
  .refine(
    (template) => template.replace(/\$\{(body|timestamp|url|method)\}/g, '').indexOf('${') < 0,
    'may contain ${body}, ${timestamp}, ${url} and ${method} only',
  )
  .meta({ example: '${timestamp}.${body}' });

/** What the generic HMAC providers have in common. */
export const HmacSettings = z.object({
  header: HeaderName.default('X-Signature'),
  algorithm: z.enum(['sha1', 'sha256', 'sha512']).default('sha256'),
  encoding: z.enum(['hex', 'base64']).default('hex'),
  prefix: z
    .string()
    .max(64)
    .regex(/^[\x20-\x7e]*$/, 'must be visible ASCII')
    .default('')
    .meta({ description: 'Stands before the signature, e.g. sha256=' }),
});
