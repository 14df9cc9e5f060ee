import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { fromUlid, toUlid } from '#contract';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_CHARACTERS = 43;
const CHECKSUM_CHARACTERS = 6;
const FORM = /^cbk_([0-9A-Z]{26})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/**
 * The text of an API key: `cbk_`, its id, 256 random bits, and a CRC-32 of both in base62, so that secret scanners know
 * one when they see it and its owner knows which one it is.
 */
export function newApiKeyText(id: string): string {
  const secret = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), SECRET_CHARACTERS);
  const text = `${toUlid(id)}_${secret}`;
  return `cbk_${text}${checksumOf(text)}`;
}

/**
 * What a presented text says of itself. `not_ours`: it has the form of a key and a wrong checksum, so that it cannot be
 * one. A text of another form says nothing; the bootstrap key may have any.
 */
export function readApiKeyText(text: string): { readonly id: string | null } | 'not_ours' {
  const [, ulid = '', secret = '', checksum] = FORM.exec(text) ?? [];
  if (checksum === undefined) return { id: null };
  return checksum === checksumOf(`${ulid}_${secret}`) ? { id: fromUlid(ulid) ?? null } : 'not_ours';
}

function checksumOf(text: string): string {
  return base62(BigInt(crc32(text)), CHECKSUM_CHARACTERS);
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = ALPHABET.charAt(Number(rest % 62n)) + text;
  return text;
}
