import { PREFIX_BYTES } from './envelope.js';

/** A key that wraps other keys. Most never leave the service that holds them, so both directions may ask it. */
export interface KeyProvider {
  /** What people call the key, in a terminal and in messages. */
  readonly name: string;
  /** Format and key id, with which begins whatever it has wrapped. */
  readonly prefix: Buffer;
  /** Wraps a key of 32 bytes for the place that `context` names. Throws {@link KeyServiceUnavailable}. */
  wrap(key: Buffer, context: readonly string[]): Promise<Buffer>;
  /** Reverses {@link wrap}. Throws {@link CannotDecrypt} and {@link KeyServiceUnavailable}. */
  unwrap(wrapped: Buffer, context: readonly string[]): Promise<Buffer>;
  /** Ends its connections. */
  close(): void;
}

/** The first byte of a wrapped key: how it is wrapped, and by what. */
export const FORMATS = { masterKey: 1, vaultTransit: 2, awsKms: 3 } as const;

const NAMES: Readonly<Record<number, string>> = {
  [FORMATS.masterKey]: 'a master key',
  [FORMATS.vaultTransit]: 'a Transit key of Vault',
  [FORMATS.awsKms]: 'a key of AWS KMS',
};

/** Names the key that a wrapped key is under, for somebody who does not have it. */
export function describePrefix(prefix: Buffer): string {
  const kind = NAMES[prefix[0] ?? 0];
  if (kind === undefined || prefix.length < PREFIX_BYTES) return 'something that is not known here';
  return `${kind} that is not known here (id ${prefix.subarray(1, PREFIX_BYTES).toString('hex')})`;
}
