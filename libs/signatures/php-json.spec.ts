import { phpMember } from './php-json.js';

const member = (text: string) => phpMember(Buffer.from(text), 'payload');

describe('a member in the spelling of PHP', () => {
  test.each([
    ['{"payload":{"a":1}}', '{"a":1}'],
    ['{ "payload" : { "a" : [ 1 , 2 ] } , "other" : 3 }', '{"a":[1,2]}'],
    ['\uFEFF{"payload":"x"}', '"x"'],
    ['{"payload":[]}', '[]'],
    ['{"payload":null,"b":{}}', 'null'],
    ['{"other":{"payload":1},"payload":2}', '2'],
    ['{"other":"payload","payload":2}', '2'],
    [String.raw`{"p\u0061yload":2}`, '2'],
  ])('is taken out of %s', (text, expected) => {
    expect(member(text)).toBe(expected);
  });

  test.each([
    ['"é"', String.raw`"\u00e9"`],
    ['"😀"', String.raw`"\ud83d\ude00"`],
    ['"a/b"', String.raw`"a\/b"`],
    [String.raw`"a\/b"`, String.raw`"a\/b"`],
    [String.raw`"\u00E9\u0041"`, String.raw`"\u00e9A"`],
    [String.raw`"\u000A\u001F\"\\"`, String.raw`"\n\u001f\"\\"`],
    ['"\x7f"', '"\x7f"'],
    ['"{ [ : , "', '"{ [ : , "'],
  ])('spells %s as json_encode does', (text, expected) => {
    expect(member(`{"payload":${text}}`)).toBe(expected);
  });

  test.each(['1.0', '1e3', '-0', '12345678901234567890', '{"2":1,"1":2}', '{"a":1,"a":2}'])(
    'leaves %s as it was received',
    (text) => {
      expect(member(`{"payload":${text}}`)).toBe(text);
    },
  );

  test('is refused when it is missing, when it is there twice, and when there is no object', () => {
    expect(member('{"other":1}')).toEqual({ ok: false, reason: 'signature_missing' });
    for (const text of ['{"payload":1,"payload":1}', '["payload"]', '"payload"', 'null', '{"payload":', ''])
      expect(member(text)).toEqual({ ok: false, reason: 'signature_malformed' });
    expect(phpMember(Buffer.from([0xff]), 'payload')).toEqual({ ok: false, reason: 'signature_malformed' });
  });

  test('may be a long text with many escapes', () => {
    const escapes = String.raw`\"\\`.repeat(100_000);
    expect(member(`{"payload":"${escapes}"}`)).toBe(`"${escapes}"`);
  });
});
