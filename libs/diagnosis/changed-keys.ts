import { KeyObject } from 'node:crypto';
import type { Deviation, Key, Scheme, SignedRequest } from '#signatures';
import { WORK } from './budget.js';
import type { Finding } from './finding.js';
import type { KnownSecret } from './refused.js';
import { SECRET_FORMS } from './secret-forms.js';
import type { Trials } from './trials.js';

/** The likeliest of them: those of this source that have expired, and those of sources of the same provider. */
const LIKELY_OTHERS = { compute: 40, compare: 40, public: 3, none: 0 } as const;
/** Of a source with more secrets the newest: each is tried in all forms. */
const MOST_FORMED = 4;

/** How the signature of the request is read, and with which keys; what led there is found already. */
export interface Reading {
  readonly scheme: Scheme;
  readonly deviation: Deviation;
  readonly keys: readonly Key[];
  readonly findings: readonly Finding[];
  /** Whether one of the keys has signed what was sent, which speaks of something else though. */
  readonly isProven: boolean;
}

/** A request, or keys, as they may have been at the sender. */
export interface Change {
  readonly finding: (keyId: string | null) => Finding;
  readonly request?: SignedRequest;
  readonly keys?: readonly Key[];
}

/** The keys that a request may have been signed with instead of those of its source. */
export class ChangedKeys {
  #secrets: readonly KnownSecret[] | undefined;
  #others: readonly KnownSecret[] | undefined;
  #likelyOthers: Change | null | undefined;
  #expired: Change | null | undefined;
  #forms: Change[] | undefined;
  readonly #materials = new Map<string, unknown>();

  constructor(
    private readonly trials: Trials,
    private readonly request: SignedRequest,
    private readonly reading: Reading,
  ) {}

  /**
   * Secrets that have expired or are another source's, as one change with many keys: the likeliest of them. What is active
   * here as well, as the key of an account is in all of its sources, is not another one.
   */
  async likelyOthers(): Promise<Change | null> {
    this.#likelyOthers ??= this.changeTo((await this.others()).slice(0, this.mostLikely));
    return this.#likelyOthers;
  }

  /** Those of this source that have expired. */
  async expired(): Promise<Change | null> {
    const expired = (await this.others()).filter(({ standing }) => standing === 'expired');
    this.#expired ??= this.changeTo(expired.slice(0, MOST_FORMED));
    return this.#expired;
  }

  private get mostLikely(): number {
    return LIKELY_OTHERS[this.reading.scheme.secretUse];
  }

  /** The rest of them, as far as there is budget. */
  async otherOthers(): Promise<Change | null> {
    const rest = (await this.others()).slice(this.mostLikely);
    const { trials, request } = this;
    const { scheme } = this.reading;
    const each =
      trials.workOf(scheme, request, 2) - trials.workOf(scheme, request, 1) + WORK.key[scheme.secretUse];
    const affordable = Math.floor((trials.budget.left - trials.workOf(scheme, request, 1)) / each);
    if (affordable < rest.length) trials.budget.fallShort();
    return this.changeTo(rest.slice(0, Math.max(0, affordable)));
  }

  private async others(): Promise<readonly KnownSecret[]> {
    this.#others ??= this.reading.isProven ? [] : withoutRepeated(await this.secrets());
    return this.#others;
  }

  private changeTo(secrets: readonly KnownSecret[]): Change | null {
    const keys = secrets.flatMap((secret) => this.keyOf(secret, this.reading.scheme));
    const finding = (keyId: string | null): Finding => ({ kind: 'secret', secret: secretOf(secrets, keyId) });
    return keys.length === 0 ? null : { finding, keys };
  }

  /** Keys that others make of the source's own secrets. */
  async forms(): Promise<Change[]> {
    const { scheme } = this.trials.facts;
    if (scheme.otherwise === undefined || scheme.secretUse !== 'compute') return [];
    if (this.#forms !== undefined) return this.#forms;
    this.#forms = [];
    const secrets = await this.secrets();
    const own = secrets.filter(({ standing }) => standing !== 'other_source').slice(0, MOST_FORMED);
    for (const { how, format } of SECRET_FORMS) {
      if (!this.trials.budget.spend(WORK.scheme)) break;
      const formed = scheme.otherwise({ ...this.reading.deviation, secret: format });
      const keys = own.flatMap((secret) => this.formedKeyOf(secret, formed));
      const finding = (keyId: string | null): Finding => ({
        kind: 'secret_form',
        secret: secretOf(own, keyId),
        how,
      });
      if (keys.length > 0) this.#forms.push({ finding, keys });
    }
    return this.#forms;
  }

  private keyOf({ id, plainSecret }: KnownSecret, scheme: Scheme): Key[] {
    if (plainSecret === null || !this.trials.budget.spend(WORK.key[scheme.secretUse])) return [];
    const prepared = scheme.prepareKey(plainSecret);
    return prepared.ok ? [{ id, material: prepared.material }] : [];
  }

  /** None where it would be the key that the scheme makes itself: that one is tried as it is. */
  private formedKeyOf(secret: KnownSecret, formed: Scheme): Key[] {
    const own = this.ownMaterialOf(secret);
    return this.keyOf(secret, formed).filter(({ material }) => !isSameMaterial(material, own));
  }

  private ownMaterialOf(secret: KnownSecret): unknown {
    const { keys, scheme } = this.reading;
    const known = keys.find(({ id }) => id === secret.id)?.material ?? this.#materials.get(secret.id);
    if (known !== undefined) return known;
    const made = this.keyOf(secret, scheme)[0]?.material ?? null;
    this.#materials.set(secret.id, made);
    return made;
  }

  private async secrets(): Promise<readonly KnownSecret[]> {
    this.#secrets ??= (await this.trials.facts.secrets()).filter(({ use }) => use === 'signature');
    return this.#secrets;
  }
}

function isSameMaterial(one: unknown, other: unknown): boolean {
  if (one instanceof KeyObject && other instanceof KeyObject) return one.equals(other);
  return Buffer.isBuffer(one) && Buffer.isBuffer(other) && one.equals(other);
}

function secretOf(secrets: readonly KnownSecret[], keyId: string | null): KnownSecret {
  const secret = secrets.find(({ id }) => id === keyId) ?? secrets[0];
  if (secret === undefined) throw new Error('a key that nobody gave has verified');
  return secret;
}

/** Those that are not active here, each text once. */
function withoutRepeated(secrets: readonly KnownSecret[]): KnownSecret[] {
  const seen = new Set(
    secrets.filter(({ standing }) => standing === 'active').map(({ plainSecret }) => plainSecret),
  );
  return secrets.filter(({ standing, plainSecret }) => {
    const isNew = standing !== 'active' && !seen.has(plainSecret);
    seen.add(plainSecret);
    return isNew;
  });
}
