import type { KeyObject, X509Certificate } from 'node:crypto';

const MAXIMUM_CHAIN = 8;

/** What a chain of certificates is held against. */
export interface Trust {
  readonly nowMs: number;
  /** Roots that the chain must end in; `null`: whoever handed it out vouches for the first certificate. */
  readonly anchors: readonly X509Certificate[] | null;
}

/**
 * The key of the first certificate, if every certificate is in force and vouched for by the next, and the last by an anchor.
 *
 * @param chain the signer's certificate first
 * @returns `null` when the chain proves nothing
 */
export function vouchedKey(chain: readonly X509Certificate[], { nowMs, anchors }: Trust): KeyObject | null {
  const [leaf] = chain;
  if (leaf === undefined || chain.length > MAXIMUM_CHAIN) return null;
  const isLinked = chain.every((certificate, index) => {
    const issuer = chain[index + 1];
    return isInForce(certificate, nowMs) && (issuer === undefined || isIssuedBy(certificate, issuer));
  });
  return isLinked && (anchors === null || endsIn(chain, anchors, nowMs)) ? leaf.publicKey : null;
}

function endsIn(
  chain: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  nowMs: number,
): boolean {
  const last = chain.at(-1);
  if (last === undefined) return false;
  return anchors.some(
    (anchor) =>
      isInForce(anchor, nowMs) && (anchor.fingerprint256 === last.fingerprint256 || isIssuedBy(last, anchor)),
  );
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isInForce(certificate: X509Certificate, nowMs: number): boolean {
  return Date.parse(certificate.validFrom) <= nowMs && nowMs <= Date.parse(certificate.validTo);
}

/** One element of DER (X.690): its tag and where its content lies. */
interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

const SEQUENCE = 0x30;
const OBJECT_ID = 0x06;
const EXTENSIONS = 0xa3;

/**
 * Does the certificate have an extension of this kind (RFC 5280 4.1.2.9)? node:crypto shows only the common ones.
 *
 * @param objectId in dotted form, e.g. `2.5.29.19`
 */
export function hasExtension({ raw }: X509Certificate, objectId: string): boolean {
  const wanted = encodeObjectId(objectId);
  const [certificate] = elements(raw, 0, raw.length);
  const [content] = certificate === undefined ? [] : elements(raw, certificate.start, certificate.end);
  if (content?.tag !== SEQUENCE) return false;
  const wrapper = elements(raw, content.start, content.end).find(({ tag }) => tag === EXTENSIONS);
  const [list] = wrapper === undefined ? [] : elements(raw, wrapper.start, wrapper.end);
  if (list === undefined) return false;
  return elements(raw, list.start, list.end).some((extension) => {
    const [id] = elements(raw, extension.start, extension.end);
    return id?.tag === OBJECT_ID && raw.subarray(id.start, id.end).equals(wanted);
  });
}

/** The elements that follow one another; stops at what is none. */
function elements(bytes: Buffer, from: number, to: number): Element[] {
  const found: Element[] = [];
  for (let position = from; position + 2 <= to;) {
    const tag = bytes[position] ?? 0;
    const first = bytes[position + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = position + 2 + lengthBytes;
    if (lengthBytes > 4 || start > to) break;
    const end = start + (lengthBytes === 0 ? first : bytes.readUIntBE(position + 2, lengthBytes));
    if (end > to) break;
    found.push({ tag, start, end });
    position = end;
  }
  return found;
}

function encodeObjectId(objectId: string): Buffer {
  const [first = 0, second = 0, ...rest] = objectId.split('.').map(Number);
  return Buffer.from([first * 40 + second, ...rest].flatMap(base128));
}

function base128(number: number): number[] {
  const digits = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift(128 + (rest % 128));
  return digits;
}
