const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 26;
const DASH = 0x2d;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * Shows a UUID as a ULID: the same 128 bits in Crockford's base32.
 *
 * @example toUlid('019aa9f0-1c2d-7000-8000-000000000000') // '01KAMZ0727E00000000000000'…
 */
export function toUlid(uuid: string): string {
  // Its characters hold 130 bits, so the first one has two bits of padding.
  let bits = 0;
  let count = 2;
  // Put together character by character, it would take twice the memory.
  const codes = new Array<number>(LENGTH);
  let length = 0;
  for (let at = 0; at < uuid.length; at += 1) {
    const code = uuid.charCodeAt(at);
    if (code === DASH) continue;
    // Digits are 0x30 to 0x39; letters of either case have their value in the lowest four bits, less nine.
    bits = (bits << 4) | ((code & 15) + (code > 0x39 ? 9 : 0));
    count += 4;
    if (count < 5) continue;
    count -= 5;
    codes[length] = ALPHABET.charCodeAt((bits >> count) & 31);
    length += 1;
    bits &= (1 << count) - 1;
  }
  return String.fromCharCode(...codes);
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
