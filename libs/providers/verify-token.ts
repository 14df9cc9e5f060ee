import { hash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a handshake presents the token that its provider was given along with the URL; compared in constant time.
 *
 * @param presented as it stands in the request; `null` when it is missing
 * @param expected the setting of the source
 * @example isVerifyToken(query.get('hub.verify_token'), config.verify_token)
 */
export function isVerifyToken(presented: string | null, expected: unknown): boolean {
  if (presented === null || typeof expected !== 'string' || expected === '') return false;
  return timingSafeEqual(hash('sha256', presented, 'buffer'), hash('sha256', expected, 'buffer'));
}
