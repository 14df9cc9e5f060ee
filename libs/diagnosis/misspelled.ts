import type { SignedRequest } from '#signatures';
import { expectedShape, shapeOf } from './shapes.js';
import type { Trials } from './trials.js';

/** What the scheme does not read in a request. */
export interface Misspelled {
  /** Empty where the signature stands in no header. */
  readonly header: string;
  readonly found: string;
  /** `null` where nothing can be told from what was found. */
  readonly expected: string | null;
  /** Whether it is the time that is signed along. */
  readonly isTime: boolean;
}

/** A time with a fraction, with a zone, or as a text. */
const TIME_IN_WORDS = /^\d+\.\d+$|^\d{4}-\d\d-|^[A-Z][a-z]{2}, \d/;
/** A time as it is expected, once digits are hidden. */
const NUMBER = '#';

/** The first header that is not written as it would be in a fresh signature; else the one of the signature. */
export async function misspelled(trials: Trials, request: SignedRequest): Promise<Misspelled> {
  const { scheme, keys } = trials.facts;
  const [main = '', ...others] = scheme.signatureHeaders;
  for (const header of [main, ...others]) {
    const value = valueOf(request, header);
    if (value === undefined) continue;
    const [found, shape] = [shapeOf(value), await expectedShape(scheme, request, keys, header)];
    const isOtherwise = shape !== null && digitsHidden(found) !== digitsHidden(shape);
    const isTime =
      header !== main && (shape === null ? TIME_IN_WORDS.test(value) : digitsHidden(shape) === NUMBER);
    if (isTime ? shape === null || isOtherwise : header === main && isOtherwise)
      return { header, found, expected: shape, isTime };
  }
  return { header: main, found: shapeOf(valueOf(request, main) ?? ''), expected: null, isTime: false };
}

function valueOf({ headers }: SignedRequest, wanted: string): string | undefined {
  const lowerCase = wanted.toLowerCase();
  return headers.find(([name]) => name.toLowerCase() === lowerCase)?.[1];
}

/** Times differ in their digits alone; how many bytes there are is something else. */
function digitsHidden(shape: string): string {
  return shape.replace(/(?<!<)\b\d{1,16}\b/g, NUMBER);
}
