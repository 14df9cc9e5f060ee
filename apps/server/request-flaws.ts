import type { IncomingMessage } from 'node:http';

/**
 * What is wrong with a request although Node's parser lets it pass, or `null`. Programs in front of Callbox may read such a
 * request in another way: where it ends, or whom it is for.
 */
export function flawOf({ headers, rawHeaders, httpVersionMinor }: IncomingMessage): string | null {
  const coding = headers['transfer-encoding'];
  // RFC 9112, section 6.1: what else it has been coded with would have to be undone.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return 'chunked is the only transfer coding';
  // RFC 9112, section 3.2.
  const hosts = countHosts(rawHeaders);
  if (hosts > 1) return 'There must be one Host';
  return hosts === 0 && httpVersionMinor > 0 ? 'There must be a Host' : null;
}

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}
