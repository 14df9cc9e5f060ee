import type { Key, Scheme, SignedRequest } from '#signatures';

const MOST_CHARACTERS = 160;

const AUTHENTICATION_SCHEME = /^(?:bearer|basic|digest|hmac|token|apikey|negotiate)$/i;

/** A header of a signature as it may be shown: `sha256=<32 bytes as hex>`. Nothing in it that is longer than a word stays. */
export function shapeOf(value: string): string {
  return oneLine(
    value.replace(
      /((?:[A-Za-z]\w{0,11}=){0,3})([\w+/.-]{6,}={0,2})/g,
      (_all, name: string | undefined, text: string) => (name ?? '') + kindOf(text),
    ),
  );
}

function kindOf(text: string): string {
  if (/^\d{1,16}$/.test(text) || AUTHENTICATION_SCHEME.test(text)) return text;
  if (/^[\w-]{4,}\.[\w-]*\.[\w-]{4,}$/.test(text)) return '<JSON Web Token>';
  if (text.includes('.') || text.length < 20) return `<${text.length} characters>`;
  if (/^[0-9a-f]+$/i.test(text)) return `<${text.length / 2} bytes as ${hexOf(text)}>`;
  return `<${Buffer.from(text, 'base64').length} bytes as ${base64Of(text)}>`;
}

function hexOf(digits: string): string {
  if (!/[A-F]/.test(digits)) return 'hex';
  return /[a-f]/.test(digits) ? 'hex in both cases' : 'upper-case hex';
}

function base64Of(text: string): string {
  const isPadded = text.length % 4 === 0;
  if (/[_-]/.test(text)) return text.endsWith('=') ? 'base64url with padding' : 'base64url';
  return isPadded ? 'base64' : 'base64 without padding';
}

/** The kind of credential that the value of an Authorization header begins with, where it is a usual one. */
export function authenticationScheme(value: string): string | null {
  const [word = ''] = value.trim().split(' ', 1);
  return AUTHENTICATION_SCHEME.test(word) ? word : null;
}

/** How the provider writes the header, as the scheme itself would; `null` where it cannot. */
export async function expectedShape(
  scheme: Scheme,
  request: SignedRequest,
  keys: readonly Key[],
  header: string,
): Promise<string | null> {
  const [key] = keys;
  if (scheme.sign === undefined || key === undefined) return null;
  try {
    const signed = await scheme.sign({ ...request, body: Buffer.alloc(0) }, [key], {
      nowMs: 1_700_000_000_000,
    });
    const found = signed.find(([name]) => name.toLowerCase() === header.toLowerCase());
    return found === undefined ? null : shapeOf(found[1]);
  } catch {
    // What is signed along is missing from the empty body.
    return null;
  }
}

/** A text of a stranger’s on one line, without control characters, and not too long. */
export function oneLine(text: string, most: number = MOST_CHARACTERS): string {
  const line = text.replace(/[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]/g, '?');
  return line.length <= most ? line : `${line.slice(0, most)}…`;
}
