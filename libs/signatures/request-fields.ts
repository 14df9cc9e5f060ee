import { boundaryOf, type FormField, multipartFields, urlEncodedFields } from './form.js';
import { readHeader, refused, type Refusal } from './headers.js';
import { jsonPointer, type JsonReader, parseJson } from './json-pointer.js';
import type { SignedRequest } from './scheme.js';

/**
 * Where a value stands that is in no header: at an RFC 6901 pointer of the JSON body, in a form field of the body
 * (`name`, or `name#/pointer` for JSON inside the field), or in a parameter of the URL's query.
 */
export type FieldPlace = { readonly json: string } | { readonly form: string } | { readonly query: string };

/** Reads the value at one place; a refusal when nothing stands there, or nothing that has one reading. */
export type FieldReader = (fields: RequestFields) => string | Refusal;

/** Body and query of one request, each taken apart at most once and only when something asks for it. */
export class RequestFields {
  private readonly request: SignedRequest;
  private document: { readonly value: unknown } | undefined;
  private form: readonly FormField[] | null | undefined;
  private query: readonly FormField[] | null | undefined;

  constructor(request: SignedRequest) {
    this.request = request;
  }

  json(): unknown {
    this.document ??= { value: parseJson(this.request.body) };
    return this.document.value;
  }

  formField(name: string): string | Refusal {
    if (this.form === undefined) this.form = formOf(this.request);
    return only(this.form, name);
  }

  queryParameter(name: string): string | Refusal {
    if (this.query === undefined) this.query = queryFields(this.request.url);
    return only(this.query, name);
  }
}

/**
 * Compiles the way to a value.
 *
 * @throws RangeError when a pointer is not one
 * @example fieldReader({ json: '/signature/token' })(new RequestFields(request))
 */
export function fieldReader(place: FieldPlace): FieldReader {
  if ('json' in place) {
    const read = pointer(place.json);
    return (fields) => scalar(read(fields.json()));
  }
  if ('query' in place) return (fields) => fields.queryParameter(place.query);
  const hash = place.form.indexOf('#');
  if (hash === -1) return (fields) => fields.formField(place.form);
  const name = place.form.slice(0, hash);
  const read = pointer(place.form.slice(hash + 1));
  return (fields) => {
    const text = fields.formField(name);
    return typeof text === 'string' ? scalar(read(parseJson(Buffer.from(text)))) : text;
  };
}

function pointer(text: string): JsonReader {
  const read = jsonPointer(text);
  if (read === null) throw new RangeError(`not a JSON pointer: ${text}`);
  return read;
}

/** A value that every JSON library prints alike: no lists or objects, and no numbers that may have been rounded. */
function scalar(value: unknown): string | Refusal {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return String(value);
  return refused(value === undefined || value === null ? 'signature_missing' : 'signature_malformed');
}

/** Two fields of one name: the one that is checked and the one that the app reads could be different ones. */
function only(fields: readonly FormField[] | null, name: string): string | Refusal {
  if (fields === null) return refused('signature_malformed');
  let found: string | undefined;
  for (const field of fields) {
    if (field.name !== name) continue;
    if (found !== undefined) return refused('signature_malformed');
    found = field.value;
  }
  return found ?? refused('signature_missing');
}

function formOf({ headers, body }: SignedRequest): readonly FormField[] | null {
  const contentType = readHeader(headers, 'content-type');
  const boundary = contentType.ok ? boundaryOf(contentType.value) : null;
  return boundary === null ? urlEncodedFields(body) : multipartFields(body, boundary);
}

/**
 * The parameters of a URL's query, unescaped and in their order; `null` when they have no one reading.
 *
 * @example queryFields('https://a.example/?b=1+2#c') // [{ name: 'b', value: '1 2' }]
 */
export function queryFields(url: string): readonly FormField[] | null {
  const [withoutFragment = ''] = url.split('#', 1);
  const question = withoutFragment.indexOf('?');
  return question === -1 ? [] : urlEncodedFields(Buffer.from(withoutFragment.slice(question + 1)));
}
