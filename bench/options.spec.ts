import { readOptions } from './options.js';

describe('the options of the bench', () => {
  test('are five rounds of everything, as text, unless asked otherwise', () => {
    expect(readOptions([])).toEqual({
      parts: [],
      format: 'text',
      rounds: 5,
      seconds: 3,
      connections: 64,
      isLarge: false,
      isQuick: false,
    });
  });

  test('name parts and take flags in any order', () => {
    expect(readOptions(['--json', 'ingest', '--rounds', '2', 'overload', '--large'])).toMatchObject({
      parts: ['ingest', 'overload'],
      format: 'json',
      rounds: 2,
      isLarge: true,
    });
    expect(readOptions(['--quick'])).toMatchObject({ rounds: 1, seconds: 1, isQuick: true });
  });

  test.each([[['--rounds', '0']], [['--seconds', 'x']], [['--unknown']]])('are refused: %j', (args) => {
    expect(() => readOptions(args)).toThrow();
  });
});
