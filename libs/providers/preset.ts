import type { z } from 'zod';
import type { HeaderPairs, Key, Scheme, SignedRequest } from '#signatures';

/** A verified callback, as the locators of a preset read it. */
export interface Callback extends SignedRequest {
  /** The body parsed as JSON, or `undefined` when it is none. Parsed at most once, and only after verification. */
  readonly json: unknown;
}

/** Reads one fact (an id, a type) out of a verified callback, however long it is; `null` when it is not there. */
export type Locator = (callback: Callback) => string | null;

/** The answer to a handshake. */
export interface HandshakeReply {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body: string;
  /**
   * A URL of the provider's own that has to be opened before this is answered. Only where the question is signed, and
   * the URL one that no stranger could have put there.
   */
  readonly visit?: string;
}

/** What a handshake may be answered from, besides the request. */
export interface HandshakeFacts {
  /** Keys of the source's active secrets, the current one first. */
  readonly keys: readonly Key[];
  /** The source's settings of the provider's own. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** What the answer to one accepted callback may be made of. */
export interface AcceptedFacts {
  readonly callback: Callback;
  /** The key that vouches for it; `null` where nothing is signed. */
  readonly key: Key | null;
  /** When it was received, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** What a provider expects for an accepted callback. */
export interface ProviderReply {
  readonly status: number;
  readonly contentType: string;
  /** The whole body, or, where `made` gives another one, what that looks like. */
  readonly body: string;
  /** What differs from callback to callback; the callback has been verified, so what it says may be repeated. */
  readonly made?: (accepted: AcceptedFacts) => { readonly headers?: HeaderPairs; readonly body?: string };
}

/** A provider's question that is answered without storing an event, e.g. Slack's `url_verification`. */
export interface Handshake {
  /** How the provider asks and what it is answered, in a sentence; shown by the API and the docs. */
  readonly description: string;
  /** Methods it uses that callbacks do not, e.g. GET. */
  readonly methods?: readonly ('GET' | 'HEAD' | 'OPTIONS')[];
  /** Whether the question is signed like a callback, so that it is verified before it is answered. */
  readonly isSigned: boolean;
  /** The answer, or `null` when the request is no handshake. Nothing unproven is ever reflected at length or as markup. */
  answer(request: Callback, facts: HandshakeFacts): HandshakeReply | null;
}

/**
 * A realistic callback, for trying a source out; without its signature. `{unique}` stands for an id that no other
 * callback has, `{time}` for now as RFC 3339 with `+00:00`.
 */
export interface Sample {
  readonly type: string | null;
  readonly headers: HeaderPairs;
  readonly body: string;
  /** Samples of further types. */
  readonly others?: readonly Omit<Sample, 'others'>[];
}

/** Settings that a source of this provider has beyond the common ones. */
export interface ProviderConfiguration {
  /** Every setting with its rule; unknown ones are refused. */
  readonly settings: z.ZodObject;
  /** The scheme that these settings make; absent where they do not touch it (a token for a handshake). */
  readonly scheme?: (settings: Readonly<Record<string, unknown>>) => Scheme;
}

/** Everything Callbox knows of one provider. One value per file; adding a provider touches no other code. */
export interface ProviderPreset {
  /** `[a-z0-9-]`, the word in `sources.provider`. */
  readonly id: string;
  readonly name: string;
  /** The provider's own page on its signatures. */
  readonly docsUrl: string;
  /** Date (ISO) on which the preset was last checked against `docsUrl`. */
  readonly checkedOn: string;
  /** `verified`: read in the vendor's documentation, SDK or a published vector; `second_hand`: through an integrator. */
  readonly confidence: 'verified' | 'second_hand';
  /** Where `configuration` makes the scheme: the one of its defaults. */
  readonly scheme: Scheme;
  readonly configuration?: ProviderConfiguration;
  readonly secret: {
    /** What the user pastes or gets, in a few words. */
    readonly format: string;
    /** Who makes it. */
    readonly source: 'generated' | 'imported' | 'either' | 'none';
  };
  /** The provider's own id of the event: shown, searched, and the default dedupe key. Only where it is certain. */
  readonly eventId?: Locator;
  readonly eventType?: Locator;
  readonly runId?: Locator;
  /** Headers whose values are credentials: encrypted at rest and shown as `[redacted]`. Lower case. */
  readonly tokenHeaders?: readonly string[];
  /** Whether nothing but the URL tells its callbacks from anybody's, so that the URL must be unguessable. */
  readonly urlToken?: boolean;
  /** What the signature leaves out (the body, the URL, the time), where that matters; shown by the API and the docs. */
  readonly uncovered?: string;
  readonly handshake?: Handshake;
  /** Steps at the provider, in order; `{ingest_url}` stands for the URL to register. */
  readonly setup?: readonly string[];
  /** What the provider expects for an accepted callback, where Callbox's own receipt will not do. */
  readonly reply?: ProviderReply;
  /** The provider whose scheme this product uses under its own name. */
  readonly aliasOf?: string;
  readonly sample?: Sample;
}
