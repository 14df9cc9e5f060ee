import type { DiagnosisCode } from '#contract';
import type { ProviderPreset } from '#providers';
import type { Credential, Key, PublishedDocuments, RefusalReason, Scheme, SignedRequest } from '#signatures';

/** A callback that was refused, as it was received. */
export interface Refused {
  readonly reason: RefusalReason | 'body_too_large';
  readonly request: SignedRequest;
  /** Milliseconds since the epoch. */
  readonly receivedAtMs: number;
}

/** A secret of the tenant's, which the callback may have been signed with. */
export interface KnownSecret {
  readonly id: string;
  readonly label: string;
  readonly use: 'signature' | 'bearer';
  /** Whose it is; `expired` is one of the source's own. */
  readonly standing: 'active' | 'expired' | 'other_source';
  readonly sourceSlug: string;
  readonly isSourceDeleted: boolean;
  /** Milliseconds since the epoch; `null` when it does not expire. */
  readonly expiresAtMs: number | null;
  /** `null` where only a hash of it is kept. */
  readonly plainSecret: string | null;
  /** Of a secret that is only compared; `null` where comparing is slow. */
  readonly credential: Credential | null;
}

/** What is known of the source. */
export interface DiagnosisFacts {
  readonly preset: ProviderPreset;
  /** As the settings of the source make it. */
  readonly scheme: Scheme;
  readonly toleranceSeconds: number | undefined;
  /** Keys that were active when the callback came. */
  readonly keys: readonly Key[];
  readonly maxBodyBytes: number;
  readonly published?: PublishedDocuments | undefined;
  /** The secrets of the source and of the tenant's other sources, the source's own first; asked for only when it helps. */
  secrets(): Promise<readonly KnownSecret[]>;
  /** A compressed body as it was before, if it is no larger than that; `null` where it cannot be had. */
  readonly decompressed?: (
    body: Buffer,
    encoding: 'gzip' | 'deflate' | 'br',
    mostBytes: number,
  ) => Buffer | null;
  /** A URL as it may be shown, without tokens. */
  readonly showUrl: (url: string) => string;
}

/** What went wrong, and what to do about it, in a sentence each. */
export interface Diagnosis {
  readonly code: DiagnosisCode;
  readonly cause: string;
  readonly fix: string;
}
