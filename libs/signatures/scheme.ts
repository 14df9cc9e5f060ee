import type { DigestAlgorithm, SecretFormat } from './encoding.js';
import type { PreparedKey } from './prepared-key.js';

export type { PreparedKey } from './prepared-key.js';

/** Why a request was refused. The words of the API, the log and the docs. */
export type RefusalReason =
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_mismatch'
  | 'timestamp_outside_tolerance'
  | 'no_secret'
  | 'claim_invalid'
  | 'authorization_missing'
  | 'authorization_mismatch';

/** Header names and values as they stood on the wire, in the order received. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** A request as received, or as it is about to be sent. */
export interface SignedRequest {
  /** Upper case, e.g. `POST`. */
  readonly method: string;
  /** Absolute URL that the sender was told, further path and query included. Some signatures cover it. */
  readonly url: string;
  readonly headers: HeaderPairs;
  /** The exact bytes; never parsed, decompressed or re-encoded. */
  readonly body: Buffer;
}

/** One callback secret, made ready by {@link Scheme.prepareKey}. `material` is the scheme's own business. */
export interface Key<Material = unknown> {
  readonly id: string;
  readonly material: Material;
}

export interface Clock {
  /** Milliseconds since the epoch at which the request was received (verify) or is signed (sign). */
  readonly nowMs: number;
  /** How far a signed time may be from `nowMs`, in seconds; the scheme's own default when absent. */
  readonly toleranceSeconds?: number;
}

/** The outcome of a verification: a value, never an exception. */
export type Verdict =
  | {
      readonly ok: true;
      /** The key that vouches for it; `null` where nothing is signed. */
      readonly keyId: string | null;
      /** Milliseconds since the epoch, if the scheme signs a time. */
      readonly signedAtMs: number | null;
    }
  | { readonly ok: false; readonly reason: RefusalReason };

/**
 * How to ask for a document that is not handed out to everybody. It holds credentials: it is never logged and never shown.
 */
export interface DocumentRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: HeaderPairs;
  /** Empty for none. */
  readonly body: string;
  /** Who asks: a digest, the same for the same credentials. What one is given, another one is not. */
  readonly account: string;
  /** Which of the documents that the account gets at this URL. What expires, such as an access token, is no part of it. */
  readonly name: string;
}

/**
 * Brings what a provider publishes at a URL (a JWK set, a certificate). Whoever injects it fetches through the egress guard,
 * bounds the size and the time, and caches: the same bytes must be the same `Buffer`, because what was parsed of them is
 * remembered by it. `refreshed` asks for a newer copy than the cached one, if the last fetch is not too recent; it is asked
 * when a token names a key that the cached copy does not have. `asking` says how, where a plain GET will not do; whoever
 * injects bounds how often one account asks. `null`: it cannot be had.
 */
export type PublishedDocuments = (
  url: string,
  wanted: 'cached' | 'refreshed',
  asking?: DocumentRequest,
) => Promise<Buffer | null>;

/** Headers a fresh signature adds; names as the provider spells them. */
export type SignatureHeaders = readonly (readonly [name: string, value: string])[];

/** A detail of a scheme that senders get wrong. What is absent stays as it is. */
export interface Deviation {
  readonly algorithm?: DigestAlgorithm;
  /** How the bytes of the key are made of the text. */
  readonly secret?: SecretFormat;
  /** `any`: the signature may be hex or base64, and stand behind any prefix or none. */
  readonly spelling?: 'any';
}

/**
 * How a family of providers signs. Built by a constructor from a few data; stateless and without a clock.
 * The scheme comes from configuration, never from the request.
 */
export interface Scheme<Material = unknown> {
  /** Stable name shown by the API, e.g. `hmac`. */
  readonly name: string;
  /** Headers that carry the signature and what belongs to it, as the provider spells them. */
  readonly signatureHeaders: readonly string[];
  /** The query parameter that holds a credential, so that nobody keeps or shows it; absent where there is none. */
  readonly tokenParameter?: string;
  /** Whether the body is parsed each time, because what is signed stands in its fields; absent for no. */
  readonly parsesBody?: boolean;
  readonly signsTimestamp: boolean;
  /** Seconds; `null` when no time is signed. */
  readonly defaultToleranceSeconds: number | null;
  /** `compute`: the plain secret must be at hand; `compare`: it is only compared; `public`: it is no secret. */
  readonly secretUse: 'compute' | 'compare' | 'public' | 'none';
  /** Turns the plain secret, as the user gave it, into key material. */
  prepareKey(plainSecret: string): PreparedKey<Material>;
  /**
   * Does one of `keys` vouch for these bytes? Tries every key; comparisons take constant time. `published` is only asked by
   * schemes whose provider publishes its keys; without it, or when it has nothing, they answer `no_secret`.
   */
  verify(
    request: SignedRequest,
    keys: readonly Key<Material>[],
    clock: Clock,
    published?: PublishedDocuments,
  ): Verdict | Promise<Verdict>;
  /**
   * The URL at which a request to `request.url` must arrive, where the provider puts part of its proof into the query;
   * absent everywhere else. Signed is the request to that URL.
   */
  address?(request: SignedRequest): string;
  /**
   * Makes the headers of a fresh signature; absent where the provider signs with a private key.
   * Several keys are given only to schemes whose header holds several signatures; the first is the current one.
   */
  sign?(
    request: SignedRequest,
    keys: readonly Key<Material>[],
    clock: Clock,
  ): SignatureHeaders | Promise<SignatureHeaders>;
  /**
   * The same scheme as somebody would build it who gets a detail wrong: for finding out why a request was refused, never for
   * letting one in. Absent where the sender has no such choice.
   */
  readonly otherwise?: (deviation: Deviation) => Scheme<Material>;
}
