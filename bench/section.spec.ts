import { asMarkdown, asText, show } from './section.js';

const table = {
  title: 'T',
  columns: ['', 'n'],
  rows: [
    ['one', '1'],
    ['eleven', '11'],
  ],
  notes: ['a note'],
};

describe('a table', () => {
  test('has its columns in line in a terminal', () => {
    expect(asText(table)).toBe(
      ['T', '         n', '----------', 'one      1', 'eleven  11', '  a note', ''].join('\n'),
    );
  });

  test('is one of Markdown on a page', () => {
    expect(asMarkdown(table)).toBe(
      ['### T', '', '|  | n |', '| --- | ---: |', '| one | 1 |', '| eleven | 11 |', '', '- a note', ''].join(
        '\n',
      ),
    );
  });

  test('shows a dash for what cannot be told', () => {
    expect([show.whole(null), show.fixed(null), show.mebibytes(null)]).toEqual(['—', '—', '—']);
    expect([show.whole(12_345.6), show.fixed(1.005, 1), show.mebibytes(3 * 1024 ** 2)]).toEqual([
      '12,346',
      '1.0',
      '3 MiB',
    ]);
  });
});
