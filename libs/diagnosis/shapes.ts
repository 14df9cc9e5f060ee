import type { Key, Scheme, SignedRequest } from '#signatures';

const MOST_CHARACTERS = 160;

/** A header of a signature as it may be shown: `sha256=<hex>` for the digits. */
export function shapeOf(value: string): string {
  const shape = value.replace(/[\w+/-]{20,}={0,2}/g, (text) => kindOf(text));
  return oneLine(shape);
}

function kindOf(text: string): string {
  const [, name = '', rest = text] = /^([A-Za-z]\w{0,11}=)(.+)$/.exec(text) ?? [];
  if (/^\d+$/.test(rest)) return text;
  if (/^[0-9a-f]+$/i.test(rest)) return `${name}<${rest.length / 2} bytes as hex>`;
  const bytes = Buffer.from(rest, 'base64').length;
  return `${name}<${bytes} bytes as ${/[_-]/.test(rest) ? 'base64url' : 'base64'}>`;
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
