const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * Shows a UUID as a ULID: the same 128 bits in Crockford's base32.
 *
 * @example toUlid('019aa9f0-1c2d-7000-8000-000000000000') // '01KAMZ0727E00000000000000'…
 */
export function toUlid(uuid: string): string {
  let text = '';
  // 26 characters hold 130 bits, so the first one has two bits of padding.
  let bits = 0;
  let count = 2;
  for (const digit of uuid) {
    if (digit === '-') continue;
    bits = (bits << 4) | Number.parseInt(digit, 16);
    count += 4;
    if (count < 5) continue;
    count -= 5;
    text += ALPHABET.charAt((bits >> count) & 31);
    bits &= (1 << count) - 1;
  }
  return text;
}

/**
 * Reads a ULID as the UUID of the same bits.
 *
 * @returns `undefined` for a text that is no ULID in upper case
 */
export function fromUlid(text: string): string | undefined {
  if (!ULID.test(text)) return undefined;
  let value = 0n;
  for (const character of text) value = (value << 5n) | BigInt(ALPHABET.indexOf(character));
  const hex = value.toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
