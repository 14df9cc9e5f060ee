import { createHash } from 'node:crypto';
import {
  type DocumentRequest,
  type HeaderPairs,
  type Key,
  parseJson,
  type PublishedDocuments,
  type Scheme,
} from '#signatures';
import { schemeOf } from './configure.js';
import type { Callback, ProviderPreset } from './preset.js';

/** One signed request, made without our own code or taken from where the provider published it. */
export interface Vector {
  /** Where it comes from. */
  readonly source: string;
  /** As the user pastes it. */
  readonly secret: string;
  /** A well-formed secret that did not sign it; needed where changing one character of the secret gives none. */
  readonly other_secret?: string;
  readonly received_at: string;
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly body_base64: string;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly run_id?: string | null;
  /** What the provider publishes, by URL. */
  readonly published?: Readonly<Record<string, string>>;
  /** What the provider answers to whom, where its keys are not published for everybody; any other question gets nothing. */
  readonly asked?: readonly Answer[];
  /** The source's settings of the provider's own. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The request is a handshake and this is its answer; `null` says it must get none. */
  readonly handshake?: {
    readonly status: number;
    readonly headers?: HeaderPairs;
    readonly body: string;
    readonly visit?: string;
  } | null;
}

/** One question to the provider, exactly as it must be asked, and the answer. */
export interface Answer {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly body: string;
  readonly answer: string;
}

/** A request that is right, and everything it takes to see that. */
export interface Genuine {
  readonly title: string;
  readonly preset: ProviderPreset;
  readonly scheme: Scheme;
  readonly request: Callback;
  readonly secret: string;
  /** A secret of the same form that has nothing to do with the request. */
  readonly otherSecret: string;
  readonly nowMs: number;
  readonly published?: PublishedDocuments;
}

/** The request of a vector, with the scheme that its settings make. */
export function genuineOf(preset: ProviderPreset, vector: Vector, title: string): Genuine {
  const { method, url, headers, config, secret } = vector;
  const body = Buffer.from(vector.body_base64, 'base64');
  return {
    title,
    preset,
    scheme: config === undefined ? preset.scheme : schemeOf(preset, config),
    request: { method, url, headers, body, json: parseJson(body) },
    secret,
    otherSecret: vector.other_secret ?? similarSecret(secret),
    nowMs: Date.parse(vector.received_at),
    published: publisherOf(vector),
  };
}

function publisherOf({ published = {}, asked = [] }: Vector): PublishedDocuments {
  return (address, _wanted, asking) => {
    const text = asking === undefined ? published[address] : answerTo(asked, address, asking);
    return Promise.resolve(text === undefined ? null : Buffer.from(text));
  };
}

function answerTo(
  answers: readonly Answer[],
  address: string,
  { method, headers, body }: Pick<DocumentRequest, 'method' | 'headers' | 'body'>,
): string | undefined {
  const question = JSON.stringify([method, address, headers, body]);
  return answers.find((one) => JSON.stringify([one.method, one.url, one.headers, one.body]) === question)
    ?.answer;
}

/** Another text that is a secret of the same form: hex stays hex, base64 stays base64. */
export function similarSecret(secret: string): string {
  let place = Math.floor(secret.length / 2);
  while (!/[0-9a-zA-Z]/.test(secret[place] ?? '0')) place += 1;
  return secret.slice(0, place) + (secret[place] === '0' ? '1' : '0') + secret.slice(place + 1);
}

export function keyOf(scheme: Scheme, plainSecret: string, id = 'key'): Key {
  const prepared = scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw new Error(prepared.problem);
  return { id, material: prepared.material };
}

export function withoutHeaders(headers: HeaderPairs, names: readonly string[]): HeaderPairs {
  const unwanted = new Set(names.map((name) => name.toLowerCase()));
  return headers.filter(([name]) => !unwanted.has(name.toLowerCase()));
}

/**
 * The same request with another body. Where the URL names the hash of the body, it names the new one: that is what the
 * sender would have done.
 */
export function withBody(request: Callback, body: Buffer): Callback {
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const url = request.url.replace(hash(request.body), hash(body));
  return { ...request, url, body, json: parseJson(body) };
}

/** The same request signed afresh with its own secret; `null` where only the provider can sign. */
export async function signedAfresh(genuine: Genuine, secrets = [genuine.secret]): Promise<Callback | null> {
  const { scheme, request, nowMs } = genuine;
  const keys = secrets.map((secret, index) => keyOf(scheme, secret, `key ${index + 1}`));
  const fresh = await scheme.sign?.(request, keys, { nowMs });
  if (fresh === undefined) return null;
  // What the old request carried goes, also in headers that the fresh signature does not fill.
  const kept = withoutHeaders(request.headers, [...namesOf(fresh), ...unusedHeaders(scheme, fresh)]);
  return { ...request, headers: [...kept, ...fresh] };
}

function namesOf(headers: HeaderPairs): readonly string[] {
  return headers.map(([name]) => name);
}

/** Headers of a signature that a fresh one has no use for; a nonce or an id that is signed along stays. */
function unusedHeaders(scheme: Scheme, fresh: HeaderPairs): readonly string[] {
  const used = new Set(namesOf(fresh).map((name) => name.toLowerCase()));
  return scheme.signatureHeaders.filter((name) => !used.has(name.toLowerCase()) && /signature/i.test(name));
}

/** The same callback, 1 MiB long, as its sender would have written it: JSON stays JSON, a form stays a form. */
export function enlarged({ body, headers }: Callback): Buffer {
  const padding = 'x'.repeat(1024 * 1024);
  const text = body.toString('latin1');
  if (text.startsWith('{') && parseJson(body) !== undefined) {
    const rest = text.slice(1).trimStart();
    const comma = rest.startsWith('}') ? '' : ',';
    return Buffer.from(`{"padding":"${padding}"${comma}${rest}`, 'latin1');
  }
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  if (type.startsWith('application/x-www-form-urlencoded'))
    return Buffer.from(`${text}${text === '' ? '' : '&'}padding=${padding}`, 'latin1');
  return Buffer.concat([body, Buffer.alloc(1024 * 1024, ' ')]);
}
