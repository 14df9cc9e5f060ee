import { createHash, createHmac, createPrivateKey, randomBytes, sign } from 'node:crypto';
import type { LoadSpec, Target } from './load-spec.js';

const COUNTER_DIGITS = 10;
const POOL_BYTES = 24 * 1024 * 1024;
const MOST_IN_POOL = 4_096;
const TOKEN_LIFETIME_SECONDS = 6 * 60 * 60;

/** A whole request, signed beforehand; its event id is written over before each use. */
export interface PreparedRequest {
  readonly bytes: Buffer;
  readonly counterAt: number;
  /** Until it is answered: it must not be written over. */
  isUnderWay: boolean;
}

/** Signs a pool of requests of which every body is another one. */
export function prepareRequests(spec: LoadSpec): PreparedRequest[] {
  const count = Math.min(MOST_IN_POOL, Math.floor(POOL_BYTES / (spec.bodyBytes + 512)));
  const atLeast = Math.max(count, spec.targets.length, spec.connections + 64);
  return Array.from({ length: atLeast }, (_, index) => {
    const target = spec.targets[index % spec.targets.length];
    if (target === undefined) throw new Error('there is nowhere to send to');
    return prepare(target, bodyOf(spec.bodyBytes, index), spec.idPrefix);
  });
}

/**
 * JSON of exactly so many bytes as providers send it: names come again and again, ids do not. What is all random compresses
 * not at all, what is all the same better than any real body.
 */
export function bodyOf(bytes: number, index: number): Buffer {
  const start = `{"event":"run.completed","run_id":"run_${index}","steps":[`;
  const end = '],"note":""}';
  const steps: string[] = [];
  let left = bytes - start.length - end.length;
  for (let step = stepOf(steps.length); step.length + 1 <= left; step = stepOf(steps.length)) {
    steps.push(step);
    left -= step.length + 1;
  }
  const text = start + steps.join(',') + end;
  return Buffer.from(`${text.slice(0, -2)}${'.'.repeat(Math.max(0, bytes - text.length))}"}`);
}

function stepOf(index: number): string {
  const random = randomBytes(14);
  return JSON.stringify({
    id: `step_${random.toString('hex', 0, 12)}`,
    object: 'step',
    name: `transform ${index}`,
    status: 'succeeded',
    started_at: 1_795_000_000 + random.readUInt16BE(0),
    duration_ms: random.readUInt16BE(12),
    attempts: [{ number: 1, error: null, retryable: false }],
    metadata: { queue: 'default', region: 'eu-central-1', cached: (random[13] ?? 0) > 127 },
  });
}

function prepare(target: Target, body: Buffer, idPrefix: string): PreparedRequest {
  const { host, pathname } = new URL(target.url);
  const [name, signature] = signatureOf(target, body);
  const beforeCounter =
    `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: callbox-bench\r\nContent-Type: application/json\r\n` +
    `${name}: ${signature}\r\nContent-Length: ${body.length}\r\n${target.eventIdHeader}: ${idPrefix}`;
  const head = Buffer.from(`${beforeCounter}${'0'.repeat(COUNTER_DIGITS)}\r\n\r\n`, 'latin1');
  return { bytes: Buffer.concat([head, body]), counterAt: beforeCounter.length, isUnderWay: false };
}

/** Writes the number of an event id into a request. */
export function writeCounter({ bytes, counterAt }: PreparedRequest, value: number): void {
  let rest = value;
  for (let at = counterAt + COUNTER_DIGITS - 1; at >= counterAt; at -= 1) {
    bytes[at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** The event id that {@link writeCounter} writes. */
export function eventIdOf(idPrefix: string, counter: number): string {
  return idPrefix + String(counter).padStart(COUNTER_DIGITS, '0');
}

function signatureOf({ signing, url }: Target, body: Buffer): [name: string, value: string] {
  switch (signing.kind) {
    case 'hmac':
      return [signing.header, createHmac('sha256', signing.secret).update(body).digest('hex')];
    case 'qstash':
      return ['Upstash-Signature', qstashToken(signing.key, url, body)];
    case 'ed25519':
      return [
        signing.header,
        sign(null, body, createPrivateKey(signing.privateKeyPem)).toString('base64url'),
      ];
  }
}

/** A token as QStash makes it, but good for the whole run. */
function qstashToken(key: string, url: string, body: Buffer): string {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const claims = {
    aud: '',
    body: createHash('sha256').update(body).digest('base64url').padEnd(44, '='),
    exp: nowSeconds + TOKEN_LIFETIME_SECONDS,
    iat: nowSeconds - 5,
    iss: 'Upstash',
    jti: `jwt_${randomBytes(14).toString('hex')}`,
    nbf: nowSeconds - 5,
    sub: url,
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
