import type { DataKey } from '#keyring';

const PLACE = 'event_contents.sensitive_headers';
/** What credentials are commonly sent in, whoever the provider is. */
const ALWAYS_SENSITIVE = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'x-auth-token',
]);

type Pairs = readonly (readonly [name: string, value: string])[];
type SplitPairs = readonly (readonly [name: string, value: string | null])[];

/** Headers as they are stored. */
interface StoredHeaders {
  readonly headers: SplitPairs;
  readonly sensitiveHeaders: Buffer | null;
}

/** Whether the value of a header is a credential that nobody is shown; `tokenHeaders` are lower case. */
export function isSensitiveHeader(name: string, tokenHeaders: readonly string[]): boolean {
  const lowerCase = name.toLowerCase();
  return ALWAYS_SENSITIVE.has(lowerCase) || tokenHeaders.includes(lowerCase);
}

/** Takes the values of credentials out of `pairs` and encrypts them for the event `eventId`. */
export function splitHeaders(
  pairs: Pairs,
  tokenHeaders: readonly string[],
  eventId: string,
  dataKey: DataKey,
): StoredHeaders {
  const hidden: [index: number, value: string][] = [];
  pairs.forEach(([name, value], index) => {
    if (isSensitiveHeader(name, tokenHeaders)) hidden.push([index, value]);
  });
  if (hidden.length === 0) return { headers: pairs, sensitiveHeaders: null };
  const headers: (readonly [string, string | null])[] = [...pairs];
  for (const [index] of hidden) headers[index] = [pairs[index]?.[0] ?? '', null];
  return { headers, sensitiveHeaders: dataKey.encrypt(PLACE, eventId, JSON.stringify(hidden)) };
}

/** Reverses {@link splitHeaders}. */
export function joinHeaders(
  { headers, sensitiveHeaders }: StoredHeaders,
  eventId: string,
  dataKey: DataKey,
): Pairs {
  const values =
    sensitiveHeaders === null
      ? new Map<number, string>()
      : new Map(
          JSON.parse(dataKey.decrypt(PLACE, eventId, sensitiveHeaders).toString('utf8')) as [
            number,
            string,
          ][],
        );
  return headers.map(([name, value], index) => [name, value ?? values.get(index) ?? '']);
}
