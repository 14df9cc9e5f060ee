const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * Shows a UUID as a ULID: the same 128 bits in Crockford's base32.
 *
 * @example toUlid('019aa9f0-1c2d-7000-8000-000000000000') // '01KAMZ0727E00000000000000'…
 */
export function toUlid(uuid: string): string {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (let position = 0; position < 26; position += 1) {
    text = ALPHABET.charAt(Number(value & 31n)) + text;
    value >>= 5n;
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
