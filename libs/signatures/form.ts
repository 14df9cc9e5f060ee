import { isUtf8 } from 'node:buffer';

/** One field of a form, unescaped. */
export interface FormField {
  readonly name: string;
  readonly value: string;
}

// A form of a provider has some thirty fields; sorting half a million would cost more than any hash.
const MAXIMUM_FIELDS = 1000;
const MAXIMUM_PART_HEADER_BYTES = 1024;

/**
 * The fields of `application/x-www-form-urlencoded` text, in their order.
 *
 * @param bytes a body or the query of a URL
 * @returns `null` when they hold anything that has no one reading, or too much of it
 * @example urlEncodedFields(Buffer.from('a=1+2&b')) // [{ name: 'a', value: '1 2' }, { name: 'b', value: '' }]
 */
export function urlEncodedFields(bytes: Buffer): FormField[] | null {
  if (bytes.length === 0) return [];
  // Bytes that are no UTF-8 would all become U+FFFD, and the signature of one would fit the others.
  if (!isUtf8(bytes)) return null;
  const text = bytes.toString();
  const hasPlus = text.includes('+');
  const fields: FormField[] = [];
  let equals = -1;
  let percent = -1;
  try {
    for (let start = 0; start <= text.length;) {
      if (fields.length === MAXIMUM_FIELDS) return null;
      const end = placeOf('&', text, start);
      // Looked for again only behind the last one found, so that each part of the text is looked at once.
      if (equals < start) equals = placeOf('=', text, start);
      if (percent < start) percent = placeOf('%', text, start);
      const nameEnd = equals < end ? equals : end;
      const name = text.slice(start, nameEnd);
      const value = nameEnd < end ? text.slice(nameEnd + 1, end) : '';
      const isEscaped = hasPlus || percent < end;
      fields.push(isEscaped ? { name: unescapeForm(name), value: unescapeForm(value) } : { name, value });
      start = end + 1;
    }
    return fields;
  } catch {
    return null;
  }
}

function placeOf(character: string, text: string, start: number): number {
  const place = text.indexOf(character, start);
  return place === -1 ? text.length : place;
}

/** @throws URIError for escapes that are none or that are no UTF-8 */
function unescapeForm(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  return spaced.includes('%') ? decodeURIComponent(spaced) : spaced;
}

/**
 * The text fields of a `multipart/form-data` body (RFC 7578); files are passed over.
 *
 * @param boundary as the content type names it
 * @returns `null` when the body is not put together so
 */
export function multipartFields(body: Buffer, boundary: string): FormField[] | null {
  if (!isUtf8(body)) return null;
  const delimiter = `\r\n--${boundary}`;
  const [preamble, ...parts] = `\r\n${body.toString()}`.split(delimiter, MAXIMUM_FIELDS + 2);
  const last = parts.pop();
  if (preamble !== '' || last === undefined || !/^--(?:\r\n)?$/.test(last)) return null;
  const fields: FormField[] = [];
  for (const part of parts) {
    const headerEnd = part.indexOf('\r\n\r\n');
    if (!part.startsWith('\r\n') || headerEnd === -1 || headerEnd > MAXIMUM_PART_HEADER_BYTES) return null;
    const disposition = part.slice(0, headerEnd + 2).match(/\r\ncontent-disposition:([^\r\n]*)/gi) ?? [];
    const [line = ''] = disposition;
    const name = /; ?name="([^"\\]*)"/i.exec(line)?.[1];
    if (disposition.length !== 1 || name === undefined) return null;
    if (!/; ?filename/i.test(line)) fields.push({ name, value: part.slice(headerEnd + 4) });
  }
  return fields;
}

/**
 * The boundary in a content type, or `null` when it is not `multipart/form-data`.
 *
 * @example boundaryOf('multipart/form-data; boundary=x') // 'x'
 */
export function boundaryOf(contentType: string): string | null {
  const match = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType,
  );
  return match?.[1] ?? match?.[2] ?? null;
}
