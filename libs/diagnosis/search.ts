import type { Deviation, Key, Scheme, SignedRequest, Verdict } from '#signatures';
import { bodyVariants } from './body-variants.js';
import { WORK, WORK_LIMIT } from './budget.js';
import type { Finding } from './finding.js';
import type { KnownSecret } from './refused.js';
import { SECRET_FORMS } from './secret-forms.js';
import { claimedUrls } from './tokens.js';
import type { Trials } from './trials.js';
import { urlVariants } from './url-variants.js';

const ALGORITHMS = ['sha1', 'sha256', 'sha512', 'sha384', 'md5'] as const;
/** How many of a kind are tried before the other kinds get their turn, and in pairs. */
const FIRST = 7;
/** Which part of the budget other secrets may take at once. */
const MOST_FOR_OTHERS = 0.35;
const FIRST_IN_PAIRS = 5;

/** How the signature of the request is read, and with which keys; what led there is found already. */
export interface Reading {
  readonly scheme: Scheme;
  readonly deviation: Deviation;
  readonly keys: readonly Key[];
  readonly findings: readonly Finding[];
}

/** A request, or keys, as they may have been at the sender. */
interface Change {
  readonly finding: (keyId: string | null) => Finding;
  readonly request?: SignedRequest;
  readonly keys?: readonly Key[];
}

/** A variant that fits, or `null`. */
export interface Fit {
  readonly findings: readonly Finding[];
  readonly request: SignedRequest;
  readonly keys: readonly Key[];
  readonly deviation: Deviation;
}

/**
 * Looks for what the sender did otherwise: one thing at first, then two of the likely ones, as far as the budget goes.
 *
 * @returns `null` when nothing that was tried fits
 */
export async function search(trials: Trials, request: SignedRequest): Promise<Fit | null> {
  const { scheme, keys } = trials.facts;
  const asItIs: Reading = { scheme, deviation: {}, keys, findings: [] };
  const verdict = await trials.verify(scheme, request, keys);
  if (verdict?.ok === true) return { findings: [], request, keys, deviation: {} };
  const read = await chooseReading(trials, request, asItIs);
  if ('request' in read) return read;
  return new Search(trials, request, read).run();
}

/**
 * A signature in the spelling that is expected is read so; any other one is read from wherever it stands, and by the hash
 * of its length.
 */
async function chooseReading(
  trials: Trials,
  request: SignedRequest,
  asItIs: Reading,
): Promise<Reading | Fit> {
  const { scheme } = asItIs;
  if (scheme.otherwise === undefined) return asItIs;
  const own = {
    ...asItIs,
    scheme: scheme.otherwise({ spelling: 'any' }),
    deviation: { spelling: 'any' } as const,
  };
  const first = await readBy(trials, request, own);
  if (first !== null) return first;
  for (const algorithm of ALGORITHMS) {
    if (!trials.budget.spend(WORK.scheme)) break;
    const deviation = { spelling: 'any', algorithm } as const;
    const finding: Finding = { kind: 'algorithm', name: algorithm };
    const other = { ...asItIs, scheme: scheme.otherwise(deviation), deviation, findings: [finding] };
    const read = await readBy(trials, request, other);
    if (read !== null) return read;
  }
  return own;
}

/** The fit, or the reading when it finds a signature at all; else `null`. */
async function readBy(
  trials: Trials,
  request: SignedRequest,
  reading: Reading,
): Promise<Reading | Fit | null> {
  const { scheme, keys, deviation, findings } = reading;
  const verdict = await trials.verify(scheme, request, keys);
  if (verdict?.ok === true) return { findings, request, keys, deviation };
  const isRead = verdict !== null && !['signature_missing', 'signature_malformed'].includes(verdict.reason);
  return isRead ? reading : null;
}

class Search {
  #bodies: Change[] | undefined;
  #urls: Change[] | undefined;
  #moreBodies: Iterator<Change> | undefined;
  #secrets: readonly KnownSecret[] | undefined;
  #others: Change | null | undefined;
  #forms: Change[] | undefined;

  constructor(
    private readonly trials: Trials,
    private readonly request: SignedRequest,
    private readonly reading: Reading,
  ) {}

  async run(): Promise<Fit | null> {
    return (await this.runSingles()) ?? (await this.runPairs());
  }

  private async runSingles(): Promise<Fit | null> {
    const urls = this.urls();
    // Where a verification is slow, few are to be had: then the likeliest goes first.
    const isSlow = this.reading.scheme.secretUse === 'public';
    const byOthers = isSlow ? await this.tryOthers() : null;
    if (byOthers !== null) return byOthers;
    const bodies = this.bodies(FIRST).slice();
    return (
      (await this.first(urls.slice(0, FIRST))) ??
      (await this.first(bodies)) ??
      (isSlow ? null : await this.tryOthers()) ??
      (await this.first(await this.forms())) ??
      (await this.first(urls.slice(FIRST))) ??
      (await this.first(this.bodies(Infinity).slice(bodies.length)))
    );
  }

  private async runPairs(): Promise<Fit | null> {
    const others = await this.others();
    const keys = [...(others === null ? [] : [others]), ...(await this.forms()).slice(0, FIRST_IN_PAIRS)];
    const bodies = this.bodies(FIRST).slice(0, FIRST_IN_PAIRS);
    const urls = this.urls().slice(0, FIRST);
    return (
      (await this.pairs(keys, bodies)) ?? (await this.pairs(urls, bodies)) ?? (await this.pairs(keys, urls))
    );
  }

  private async pairs(ones: readonly Change[], others: readonly Change[]): Promise<Fit | null> {
    for (const one of ones)
      for (const other of others) {
        const fit = await this.fits([one, other]);
        if (fit !== null) return fit;
      }
    return null;
  }

  private async first(changes: readonly Change[]): Promise<Fit | null> {
    for (const change of changes) {
      const fit = await this.fits([change]);
      if (fit !== null) return fit;
    }
    return null;
  }

  private async fits(changes: readonly Change[]): Promise<Fit | null> {
    const { request, keys } = this.applied(changes);
    const verdict = await this.trials.verify(this.reading.scheme, request, keys);
    if (verdict?.ok !== true) return null;
    const findings = changes.map(({ finding }) => finding(verdict.keyId));
    const { deviation } = this.reading;
    return { findings: [...this.reading.findings, ...findings], request, keys, deviation };
  }

  private applied(changes: readonly Change[]): { request: SignedRequest; keys: readonly Key[] } {
    let { request } = this;
    let { keys } = this.reading;
    for (const change of changes) {
      keys = change.keys ?? keys;
      const { body, url } = change.request ?? this.request;
      // Only what this change is about: the one before it may have changed the other.
      if (body !== this.request.body) request = { ...request, body };
      if (url !== this.request.url) request = { ...request, url };
    }
    return { request, keys };
  }

  /** Other secrets all at once. One may be right although the token it signed speaks of another request. */
  private async tryOthers(): Promise<Fit | null> {
    const others = await this.others();
    if (others === null) return null;
    const verdict = await this.trials.verify(this.reading.scheme, this.request, others.keys ?? []);
    if (verdict?.ok === true) {
      const { deviation, findings } = this.reading;
      const found = [...findings, others.finding(verdict.keyId)];
      return { findings: found, request: this.request, keys: others.keys ?? [], deviation };
    }
    return isAboutClaims(verdict) ? this.goOnWithOne(others) : null;
  }

  private async goOnWithOne(others: Change): Promise<Fit | null> {
    for (const key of others.keys ?? []) {
      const verdict = await this.trials.verify(this.reading.scheme, this.request, [key]);
      if (!isAboutClaims(verdict)) continue;
      const findings = [...this.reading.findings, others.finding(key.id)];
      const next = new Search(this.trials, this.request, { ...this.reading, keys: [key], findings });
      const fit = await next.run();
      return fit ?? { findings, request: this.request, keys: [key], deviation: this.reading.deviation };
    }
    return null;
  }

  private bodies(most: number): Change[] {
    if (!this.trials.touched.body && this.reading.keys.length > 0) return [];
    const { body, headers } = this.request;
    this.#bodies ??= [];
    this.#moreBodies ??= this.changedBodies(bodyVariants(body, headers, this.trials.budget));
    while (this.#bodies.length < most) {
      const next = this.#moreBodies.next();
      if (next.done === true) break;
      this.#bodies.push(next.value);
    }
    return this.#bodies;
  }

  private *changedBodies(variants: ReturnType<typeof bodyVariants>): Generator<Change> {
    for (const { body, how, isReserialized } of variants)
      yield { finding: () => ({ kind: 'body', how, isReserialized }), request: { ...this.request, body } };
  }

  private urls(): Change[] {
    if (!this.trials.touched.url && this.reading.keys.length > 0) return [];
    const { url: told, headers } = this.request;
    this.#urls ??= [...urlVariants(told, headers, claimedUrls(this.trials.token))].map((url) => ({
      finding: () => ({ kind: 'url', claimed: url }),
      request: { ...this.request, url },
    }));
    return this.#urls;
  }

  /** Secrets that have expired or are another source's, as one change with many keys. */
  private async others(): Promise<Change | null> {
    if (this.#others !== undefined) return this.#others;
    const known = (await this.secrets()).filter(({ standing }) => standing !== 'active');
    const { scheme } = this.reading;
    const most = Math.ceil((WORK_LIMIT * MOST_FOR_OTHERS) / this.trials.workOf(scheme, this.request, 1));
    const keys = known.slice(0, most).flatMap((secret) => this.keyOf(secret, scheme));
    const finding = (keyId: string | null): Finding => {
      const secret = known.find(({ id }) => id === keyId) ?? known[0];
      if (secret === undefined) throw new Error('a key that nobody gave has verified');
      return { kind: 'secret', secret };
    };
    this.#others = keys.length === 0 ? null : { finding, keys };
    return this.#others;
  }

  /** Keys that others make of the source's own secrets. */
  private async forms(): Promise<Change[]> {
    const { scheme } = this.trials.facts;
    if (scheme.otherwise === undefined || scheme.secretUse !== 'compute') return [];
    if (this.#forms !== undefined) return this.#forms;
    this.#forms = [];
    const secrets = await this.secrets();
    const own = secrets.filter(({ standing }) => standing !== 'other_source');
    for (const { how, format } of SECRET_FORMS) {
      if (!this.trials.budget.spend(WORK.scheme)) break;
      const formed = scheme.otherwise({ ...this.reading.deviation, secret: format });
      for (const secret of own) {
        const keys = this.keyOf(secret, formed);
        if (keys.length > 0)
          this.#forms.push({ finding: () => ({ kind: 'secret_form', secret, how }), keys });
      }
    }
    return this.#forms;
  }

  private keyOf({ id, plainSecret }: KnownSecret, scheme: Scheme): Key[] {
    if (plainSecret === null || !this.trials.budget.spend(WORK.key[scheme.secretUse])) return [];
    const prepared = scheme.prepareKey(plainSecret);
    return prepared.ok ? [{ id, material: prepared.material }] : [];
  }

  private async secrets(): Promise<readonly KnownSecret[]> {
    this.#secrets ??= (await this.trials.facts.secrets()).filter(({ use }) => use === 'signature');
    return this.#secrets;
  }
}

function isAboutClaims(verdict: Verdict | null): boolean {
  return verdict?.ok === false && verdict.reason === 'claim_invalid';
}
