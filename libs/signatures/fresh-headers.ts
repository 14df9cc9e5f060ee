import type { KeyedDigestScheme } from './keyed-digest.js';
import type { Clock, HeaderPairs, SignatureHeaders, SignedRequest } from './scheme.js';

/** What a fresh signature needs that neither the template nor the grammar of its scheme can say. */
export interface FreshHeaders {
  /**
   * Headers that must stand in the request before it is signed, in place of those of the same names; they are sent along.
   * The request still holds the headers that it came with, an older signature among them.
   */
  readonly covered?: (request: SignedRequest, clock: Clock) => HeaderPairs;
  /** The value of the signature header, made of the one that the grammar writes. */
  readonly written?: (value: string, request: SignedRequest) => string;
}

/**
 * A scheme that signs as its provider does even where the header of a fresh signature depends on the request: on headers
 * that it lists, or on a name that it repeats. One key signs.
 *
 * @param scheme verifies, and computes the signature
 * @param fresh what differs between providers
 * @example withFreshHeaders(hmac(options), { written: (value) => value.toUpperCase() })
 */
export function withFreshHeaders<Material>(
  scheme: KeyedDigestScheme<Material>,
  { covered, written }: FreshHeaders,
): KeyedDigestScheme<Material> {
  const sign: typeof scheme.sign = (request, keys, clock) => {
    const added = covered?.(request, clock) ?? [];
    const prepared = { ...request, headers: replaced(request.headers, added) };
    const [signature, ...others] = scheme.sign(prepared, keys.slice(0, 1), clock);
    if (signature === undefined) return added;
    const [name, value] = signature;
    return replaced(added, [[name, written?.(value, prepared) ?? value], ...others]);
  };
  return { ...scheme, sign };
}

function replaced(headers: HeaderPairs, added: HeaderPairs): SignatureHeaders {
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...added];
}
