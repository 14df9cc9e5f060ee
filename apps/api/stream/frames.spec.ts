import { newId } from '#database';
import { beginningOf } from '#events';
import { audienceOf, PageWriter } from './frames.js';

const next = beginningOf(9n, Date.now());

function written(text: string): string {
  const item = {
    id: newId(),
    storedIn: 1n,
    sourceId: newId(),
    source: 'orders',
    json: () => JSON.stringify({ text }),
  };
  const page = { items: [{ kind: 'rejection', item }], next, isCut: false };
  return new PageWriter(page).framesFor(audienceOf(null, true)).bytes.toString('utf8');
}

test('a message that is cut off before its data is whole names no id, which a client would go on after', () => {
  const text = written('x'.repeat(100));
  const dataEnd = text.indexOf('\n', text.indexOf('data: '));
  expect(text.slice(0, dataEnd)).not.toMatch(/^id:/m);
  expect(text.slice(dataEnd)).toMatch(/^\nid: \w{26}\.1\n\n$/);
});

test('no character that any reader takes for the end of a line stands in the data, which is the same JSON', () => {
  const text = 'a\n\r\u000b\u000c\u001c\u001d\u001e\u0085\u2028\u2029 \\u2028 \u{1f600}z';
  const lines = written(text).split(/\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/);
  expect(lines.map((line) => line.split(':')[0])).toEqual(['event', 'data', 'id', '', '']);
  expect(JSON.parse(lines[1]?.slice('data: '.length) ?? '')).toEqual({ text });
});
