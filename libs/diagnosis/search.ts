import type { Key, SignedRequest, Verdict } from '#signatures';
import { type BodyVariant, bodyVariants } from './body-variants.js';
import { WORK } from './budget.js';
import { type Change, ChangedKeys, type Reading } from './changed-keys.js';
import type { Finding } from './finding.js';
import type { Fit } from './fit.js';
import { claimedUrls } from './tokens.js';
import { taken } from './taken.js';
import type { Trials } from './trials.js';
import { urlVariants } from './url-variants.js';

const ALGORITHMS = ['sha1', 'sha256', 'sha512', 'sha384', 'md5'] as const;
/** How many of a kind are tried before the other kinds get their turn, and in pairs. */
const FIRST = 7;
const FIRST_IN_PAIRS = 5;
const LIKELIEST_IN_PAIRS = 3;

/**
 * Looks for what the sender did otherwise: one thing at first, then two of the likely ones, as far as the budget goes.
 *
 * @returns `null` when nothing that was tried fits
 */
export async function search(trials: Trials, request: SignedRequest): Promise<Fit | null> {
  const { scheme, keys } = trials.facts;
  const verdict = await trials.verifyAsItIs(request);
  if (verdict?.ok === true)
    return { findings: [], request, keys, deviation: {}, signedAtMs: verdict.signedAtMs };
  // Of a body that is too long to be verified once more, the inbox has said whether its signature is right.
  const isProven =
    scheme.secretUse === 'compute' && (isAboutClaims(verdict) || trials.refused.reason === 'claim_invalid');
  const asItIs = { scheme, deviation: {}, keys, findings: [], isProven };
  // What is slow to verify is not verified again to read it in the same way.
  const isRead = scheme.secretUse === 'public' && isSignatureRead(verdict);
  const read = isRead ? asItIs : await chooseReading(trials, request, asItIs);
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
  if (verdict?.ok === true) return { findings, request, keys, deviation, signedAtMs: verdict.signedAtMs };
  return isSignatureRead(verdict)
    ? { ...reading, isProven: isAboutClaims(verdict) && scheme.secretUse === 'compute' }
    : null;
}

function isSignatureRead(verdict: Verdict | null): boolean {
  return verdict?.ok === false && !['signature_missing', 'signature_malformed'].includes(verdict.reason);
}

class Search {
  readonly #bodies: Change[] = [];
  #urls: Change[] | undefined;
  #variants: Iterator<BodyVariant> | undefined;
  readonly #keys: ChangedKeys;

  constructor(
    private readonly trials: Trials,
    private readonly request: SignedRequest,
    private readonly reading: Reading,
  ) {
    this.#keys = new ChangedKeys(trials, request, reading);
  }

  async run(): Promise<Fit | null> {
    return (await this.runSingles()) ?? (await this.runPairs());
  }

  private async runSingles(): Promise<Fit | null> {
    // Where a verification is slow, few are to be had: then the likeliest goes first.
    const isSlow = this.reading.scheme.secretUse === 'public';
    const byOthers = isSlow ? await this.tryOthers(await this.#keys.likelyOthers()) : null;
    if (byOthers !== null) return byOthers;
    const urls = this.urls();
    return (
      (await this.first(alternating(urls.slice(0, FIRST), this.likelyBodies()))) ??
      (isSlow ? null : await this.tryOthers(await this.#keys.likelyOthers())) ??
      (await this.first(await this.#keys.forms())) ??
      (await this.runLikelyPairs()) ??
      (await this.first(alternating(urls.slice(FIRST), this.furtherBodies()))) ??
      (await this.tryOthers(await this.#keys.otherOthers()))
    );
  }

  /** What costs little and often goes wrong at once; what comes after it may use up the budget. */
  private async runLikelyPairs(): Promise<Fit | null> {
    const bodies = this.#bodies.slice(0, FIRST_IN_PAIRS);
    const expired = await this.#keys.expired();
    const urls = this.urls().slice(0, LIKELIEST_IN_PAIRS);
    return (
      (await this.pairs(expired === null ? [] : [expired], bodies)) ??
      (await this.pairs(urls, bodies.slice(0, LIKELIEST_IN_PAIRS)))
    );
  }

  private async runPairs(): Promise<Fit | null> {
    const others = await this.#keys.likelyOthers();
    const forms = (await this.#keys.forms()).slice(0, FIRST_IN_PAIRS);
    const keys = [...(others === null ? [] : [others]), ...forms];
    const bodies = this.#bodies.slice(0, FIRST_IN_PAIRS);
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

  private async first(changes: Iterable<Change>): Promise<Fit | null> {
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
    return {
      findings: [...this.reading.findings, ...findings],
      request,
      keys,
      deviation,
      signedAtMs: verdict.signedAtMs,
    };
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
  private async tryOthers(others: Change | null): Promise<Fit | null> {
    if (others === null) return null;
    const verdict = await this.trials.verify(this.reading.scheme, this.request, others.keys ?? []);
    if (verdict?.ok === true) {
      const { deviation, findings } = this.reading;
      const found = [...findings, others.finding(verdict.keyId)];
      const { signedAtMs } = verdict;
      return { findings: found, request: this.request, keys: others.keys ?? [], deviation, signedAtMs };
    }
    return isAboutClaims(verdict) ? this.goOnWithOne(others) : null;
  }

  private async goOnWithOne(others: Change): Promise<Fit | null> {
    for (const key of others.keys ?? []) {
      const verdict = await this.trials.verify(this.reading.scheme, this.request, [key]);
      if (!isAboutClaims(verdict)) continue;
      const findings = [...this.reading.findings, others.finding(key.id)];
      const reading = { ...this.reading, keys: [key], findings, isProven: true };
      const next = new Search(this.trials, this.request, reading);
      const fit = await next.run();
      const { deviation } = this.reading;
      return fit ?? { findings, request: this.request, keys: [key], deviation, signedAtMs: null };
    }
    return null;
  }

  /** The likeliest bodies, which are kept for being tried in pairs. */
  private *likelyBodies(): Generator<Change> {
    for (const change of taken(this.furtherBodies(), FIRST)) {
      this.#bodies.push(change);
      yield change;
    }
  }

  /** Those after them; each is made when its turn comes, for making takes of the budget too. */
  private *furtherBodies(): Generator<Change> {
    if (!this.trials.touched.body && this.reading.keys.length > 0) return;
    const { body, headers } = this.request;
    const { budget, facts } = this.trials;
    this.#variants ??= bodyVariants(body, headers, { budget, decompressed: facts.decompressed });
    for (const { body: changed, how, isReserialized } of taken(this.#variants, Infinity))
      yield {
        finding: () => ({ kind: 'body', how, isReserialized }),
        request: { ...this.request, body: changed },
      };
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
}

function isAboutClaims(verdict: Verdict | null): boolean {
  return verdict?.ok === false && verdict.reason === 'claim_invalid';
}

function* alternating<Item>(ones: readonly Item[], others: Iterator<Item>): Generator<Item> {
  for (const one of ones) {
    yield one;
    yield* taken(others, 1);
  }
  yield* taken(others, Infinity);
}
