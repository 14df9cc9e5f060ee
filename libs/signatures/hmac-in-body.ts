import type { KeyObject } from 'node:crypto';
import { hmacParts, type HmacSettings } from './hmac.js';
import type { FieldPlace } from './request-fields.js';
import type { Deviation, Scheme } from './scheme.js';
import type { SignedFieldsOptions } from './signed-request.js';

/** What a provider decides about a signature that stands in the body or in the query of the URL. */
export interface HmacInBodyOptions extends Omit<SignedFieldsOptions, 'signature' | 'content'>, HmacSettings {
  /** Where the signature stands; a text is an RFC 6901 pointer into the JSON body. */
  readonly signature: string | FieldPlace;
  /** What is signed: a template or a function (see {@link signedContent}), or pointers to the signed values in their order. */
  readonly content: Exclude<SignedFieldsOptions['content'], undefined> | readonly [string, ...string[]];
  /** Stands between the values that pointers name; default nothing. */
  readonly separator?: string;
}

/**
 * HMAC that stands in a field of the body or the query, most often over some values of the body and not all of it.
 *
 * Nothing but the signed values is bound: a valid signature proves nothing about the rest of the body, and whoever saw one
 * request can make others until its time is over. So the event should be known again by the signed values. The body must
 * be read before it is proven, because the signature stands in it. There is no `sign`: it would have to change the body.
 *
 * @param options what differs between providers
 * @throws RangeError when a pointer or the template is not one
 * @example hmacInBody({ algorithm: 'sha256', encoding: 'hex', signature: '/signature/signature', content: ['/signature/timestamp', '/signature/token'] })
 * @example hmacInBody({ algorithm: 'sha384', encoding: 'hex', signature: { form: 'signature' }, grammar: { kind: 'bare', prefix: 'sha384:' }, content: '${form:transloadit}' })
 */
export function hmacInBody(options: HmacInBodyOptions): Scheme<KeyObject> {
  const { signature, content, separator = '', ...rest } = options;
  const fields = {
    ...rest,
    name: options.name ?? 'hmac-in-body',
    signature: typeof signature === 'string' ? { json: signature } : signature,
    content:
      typeof content === 'string' || typeof content === 'function'
        ? content
        : content.map((pointer) => `\${json:${pointer}}`).join(separator),
  };
  const deviating = (deviation: Deviation): Scheme<KeyObject> => ({
    ...hmacParts(fields, deviation).verifier,
    otherwise: (other) => deviating({ ...deviation, ...other }),
  });
  return deviating({});
}
