import type { Spelling } from './spelling.js';

/** So many numbers are tried one by one. */
const MOST_NUMBERS = 8;
/** A string, or a number outside of strings that has no exponent. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?![\d.eE])/g;

/** What a number may have been before a serialiser wrote it in the shortest way. */
const LONGER: readonly { readonly applies: RegExp; readonly ending: string }[] = [
  { applies: /^-?\d+$/, ending: '.0' },
  { applies: /^-?\d+$/, ending: '.00' },
  { applies: /^-?\d+\.\d$/, ending: '0' },
];

/**
 * The same JSON document with numbers that are written longer: JavaScript makes 10 of 10.0 and 1.5 of 1.50. All at once, as
 * amounts of money are, and one by one.
 *
 * @param received a JSON text
 */
export function* numberSpellings(received: string): Generator<Spelling> {
  const work = received.length * 6;
  const numbers = firstNumbers(received);
  if (numbers.length === 0) return;
  const all = (how: string, lengthen: (number: string) => string): Spelling => ({
    how,
    work,
    make: () => received.replace(STRING_OR_NUMBER, (text) => (text.startsWith('"') ? text : lengthen(text))),
  });
  yield all('with numbers written with two decimals, as 10.00 for 10', (number) => lengthened(number, 2));
  yield all('with numbers written with a decimal, as 10.0 for 10', (number) => lengthened(number, 1));
  for (const { text, index } of numbers)
    for (const { applies, ending } of LONGER) {
      if (!applies.test(text)) continue;
      const end = index + text.length;
      yield {
        how: `with ${text + ending} for the number ${text}`,
        work: received.length,
        make: () => received.slice(0, end) + ending + received.slice(end),
      };
    }
}

function lengthened(number: string, decimals: number): string {
  const [whole = '', fraction = ''] = number.split('.', 2);
  return `${whole}.${fraction.padEnd(decimals, '0')}`;
}

function firstNumbers(text: string): { readonly text: string; readonly index: number }[] {
  const found: { text: string; index: number }[] = [];
  for (const match of text.matchAll(STRING_OR_NUMBER)) {
    const [number] = match;
    if (number.startsWith('"') || number.length > 20) continue;
    found.push({ text: number, index: match.index });
    if (found.length >= MOST_NUMBERS) break;
  }
  return found;
}
