import { hash, type KeyObject } from 'node:crypto';
import { spellingProblem } from './encoding.js';
import type { DocumentRequest, HeaderPairs, PreparedKey, PublishedDocuments } from './scheme.js';

/** What a customer proves itself with to a provider's API; the secret is nobody else's. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly secret: string;
  /** Tells one customer from another; the secret cannot be read from it. */
  readonly account: string;
}

/** What is asked for, besides by whom. */
export interface KeyQuestion {
  /** Default `GET`. */
  readonly method?: DocumentRequest['method'];
  readonly headers: HeaderPairs;
  readonly body?: string;
  /** See {@link DocumentRequest.name}. */
  readonly name: string;
}

/** Asks the provider; `null` when there is no answer. */
export type AskProvider = (url: string, question: KeyQuestion) => Promise<Buffer | null>;

/** How a provider hands out its public keys, one by one and to its customers only. */
export interface HandedOutKeys {
  /** What the id of a key looks like. Nothing else is asked for: the id is the sender's to choose. */
  readonly keyId: RegExp;
  /** Asks for one key, at URLs that are configuration. */
  readonly ask: (ask: AskProvider, credentials: ClientCredentials, keyId: string) => Promise<Buffer | null>;
  /** The key in the answer; `null` when there is none, or none that is in force. */
  readonly read: (answer: Buffer) => KeyObject | null;
}

/** Finds the key of an id; `null` when these credentials do not get one. */
export type KeyFinder = (
  keyId: string,
  credentials: ClientCredentials,
  published: PublishedDocuments | undefined,
) => Promise<KeyObject | null>;

/**
 * Finds keys, and remembers what was read of an answer for as long as the answer is kept.
 *
 * @param keys how the provider hands them out
 */
export function keyFinder({ keyId: pattern, ask, read }: HandedOutKeys): KeyFinder {
  const known = new WeakMap<Buffer, { readonly key: KeyObject | null }>();
  const keyIn = (answer: Buffer) => {
    const entry = known.get(answer) ?? { key: read(answer) };
    known.set(answer, entry);
    return entry.key;
  };
  return async (keyId, credentials, published) => {
    if (published === undefined || !pattern.test(keyId)) return null;
    for (const age of ['cached', 'refreshed'] as const) {
      const answer = await ask(
        (url, { method = 'GET', headers, body = '', name }) =>
          published(url, age, { method, headers, body, account: credentials.account, name }),
        credentials,
        keyId,
      );
      const key = answer === null ? null : keyIn(answer);
      if (key !== null) return key;
    }
    return null;
  };
}

// Visible ASCII: both parts are sent in headers and bodies, where anything else could break out of its place.
const CREDENTIALS = /^([\x21-\x39\x3b-\x7e]{4,256}):([\x21-\x7e]{16,512})$/;

/**
 * Reads credentials that were pasted as `client id:secret`.
 *
 * @returns the credentials, or a problem that never repeats them
 * @example prepareCredentials('a-client-id:a-secret-of-some-length') // { ok: true, material: … }
 */
export function prepareCredentials(plainText: string): PreparedKey<ClientCredentials> {
  const problem = spellingProblem(plainText);
  if (problem !== null) return { ok: false, problem };
  const [, clientId, secret] = CREDENTIALS.exec(plainText) ?? [];
  if (clientId === undefined || secret === undefined)
    return {
      ok: false,
      problem: 'the secret is not of the form client_id:secret, or its second part is too short',
    };
  return { ok: true, material: { clientId, secret, account: hash('sha256', plainText, 'hex') } };
}
