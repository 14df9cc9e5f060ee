import type { Locator, ProviderPreset } from '#providers';
import type { DataKey } from '#keyring';
import type { Credential, Key, Scheme } from '#signatures';
import type { RateLimit } from '#tenants';
import type { SourceConfig } from './source.entity.js';

/** A key that verifies callbacks, until it expires. */
export interface LiveKey<Material = unknown> extends Key<Material> {
  /** Milliseconds since the epoch; `Infinity` when it does not expire. */
  readonly expiresAtMs: number;
  /** Whether the first callback that it verifies may make it current; no longer asked once it has verified one. */
  readonly mayTakeOver: boolean;
}

/** A source as the inbox holds it in memory: everything that verifying and storing a callback needs. */
export interface LiveSource {
  readonly tenantId: string;
  readonly id: string;
  readonly slug: string;
  readonly preset: ProviderPreset;
  readonly config: SourceConfig;
  /** The preset's, or the one that the config makes. */
  readonly scheme: Scheme;
  /** Headers that hold credentials, lower case: those the preset names, and where a shared token stands. */
  readonly tokenHeaders: readonly string[];
  /** What makes a callback the same event as an earlier one; `null`: nothing does. */
  readonly dedupe: { readonly key: Locator; readonly windowSeconds: number } | null;
  /** SHA-256 of the segments its URL may end in; `null`: its URL needs none. */
  readonly urlTokens: readonly { readonly digest: Buffer; readonly expiresAtMs: number }[] | null;
  /** The current one first. */
  readonly keys: readonly LiveKey[];
  /** The bearer tokens that callbacks must carry as well, the current one first; `null`: none is asked for. */
  readonly bearerKeys: readonly LiveKey<Credential>[] | null;
  /** Of all sources of its tenant together; `null`: that of the installation. */
  readonly tenantRateLimit: RateLimit | null;
  /** Encrypts sensitive headers. */
  readonly dataKey: DataKey;
}
