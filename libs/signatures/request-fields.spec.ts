import fc from 'fast-check';
import { boundaryOf, multipartFields, urlEncodedFields } from './form.js';
import { type FieldPlace, fieldReader, RequestFields } from './request-fields.js';
import { post, withHeaders } from './request.fixture.js';

const URL_WITH_QUERY = 'https://inbox.example/in/acme/s?a=1&b=x%20y&twice=1&twice=2#fragment?a=3';

/** The value at a place, or the reason why there is none. */
function read(place: FieldPlace, body: string | Buffer, contentType?: string): string {
  const request = post(
    body,
    contentType === undefined ? [] : [['Content-Type', contentType]],
    URL_WITH_QUERY,
  );
  const value = fieldReader(place)(new RequestFields(request));
  return typeof value === 'string' ? value : value.reason;
}

describe('a value of the JSON body', () => {
  const body = JSON.stringify({
    s: 'x',
    n: 12,
    yes: true,
    none: null,
    list: [1],
    big: 1e21,
    half: 0.5,
    o: {},
  });
  test.each([
    ['/s', 'x'],
    ['/n', '12'],
    ['/yes', 'true'],
    ['/none', 'signature_missing'],
    ['/absent', 'signature_missing'],
    ['/list', 'signature_malformed'],
    ['/o', 'signature_malformed'],
    ['/big', 'signature_malformed'],
    ['/half', 'signature_malformed'],
    ['/list/0', '1'],
  ])('at %s is %s', (json, expected) => expect(read({ json }, body)).toBe(expected));

  test('is read by a pointer only', () => {
    expect(() => fieldReader({ json: 'a' })).toThrow(RangeError);
    expect(() => fieldReader({ form: 'a#b' })).toThrow(RangeError);
  });
});

describe('a field of a form', () => {
  test('is unescaped, and ambiguous when it stands there twice', () => {
    const body = 'a=1+2&b=%C3%A9&c&twice=1&twice=1';
    expect(read({ form: 'a' }, body)).toBe('1 2');
    expect(read({ form: 'b' }, body)).toBe('é');
    expect(read({ form: 'c' }, body)).toBe('');
    expect(read({ form: 'd' }, body)).toBe('signature_missing');
    expect(read({ form: 'twice' }, body)).toBe('signature_malformed');
  });

  test.each(['a=%', 'a=%ff', Buffer.from([0x61, 0x3d, 0xff]), 'a&'.repeat(1000)])(
    'has no value in %j',
    (body) => expect(read({ form: 'a' }, body)).toBe('signature_malformed'),
  );

  test('may hold JSON', () => {
    const body = `data=${encodeURIComponent('{"token":"t"}')}`;
    expect(read({ form: 'data#/token' }, body)).toBe('t');
    expect(read({ form: 'data#/other' }, body)).toBe('signature_missing');
    expect(read({ form: 'data#/token' }, 'data={')).toBe('signature_missing');
  });

  test('is read from multipart too, files passed over', () => {
    const part = (disposition: string, value: string) =>
      `--b0\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
    const body = `${part('name="json"', '{"event":{"hash":"h"}}')}${part('name="f"; filename="x"', 'file')}--b0--\r\n`;
    const type = 'multipart/form-data; boundary=b0';
    expect(read({ form: 'json#/event/hash' }, body, type)).toBe('h');
    expect(read({ form: 'f' }, body, type)).toBe('signature_missing');
    expect(read({ form: 'json' }, `${part('name="json"', '1')}${body}`, type)).toBe('signature_malformed');
    expect(read({ form: 'json' }, body.replace('--b0--', ''), type)).toBe('signature_malformed');
    expect(read({ form: 'json' }, `x${body}`, type)).toBe('signature_malformed');
  });
});

test('a parameter of the query ends before the fragment', () => {
  expect(read({ query: 'a' }, '')).toBe('1');
  expect(read({ query: 'b' }, '')).toBe('x y');
  expect(read({ query: 'twice' }, '')).toBe('signature_malformed');
  expect(read({ query: 'c' }, '')).toBe('signature_missing');
});

test('every form that is written is read again', () => {
  const pairs = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
    maxLength: 9,
  });
  fc.assert(
    fc.property(pairs, (given) => {
      const wellFormed = given.filter(
        ([name, value]) => Buffer.from(name + value).toString() === name + value,
      );
      const text = new URLSearchParams(wellFormed).toString();
      const fields = urlEncodedFields(Buffer.from(text));
      expect(fields?.map(({ name, value }) => [name, value])).toEqual(wellFormed);
    }),
  );
});

test('nothing that pretends to be a form makes the readers throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 60 }), (bytes, text) => {
      const body = Buffer.from(bytes);
      multipartFields(body, 'b');
      multipartFields(Buffer.from(`--b\r\n${text}\r\n--b--`), 'b');
      boundaryOf(`multipart/form-data;${text}`);
      const request = withHeaders(post(body), [['Content-Type', `multipart/form-data; boundary=${text}`]]);
      fieldReader({ form: text.replaceAll('#', '') })(new RequestFields(request));
    }),
  );
});
