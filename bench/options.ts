import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface BenchOptions {
  /** Names of parts; empty: those of the default. */
  readonly parts: readonly string[];
  readonly format: 'text' | 'json' | 'markdown';
  readonly rounds: number;
  /** Of each measured window. */
  readonly seconds: number;
  readonly connections: number;
  /** Growth up to 10 million stored events rather than 100 thousand. */
  readonly isLarge: boolean;
  /** One round, short windows: to see that the bench works, not for figures. */
  readonly isQuick: boolean;
}

/** Reads the command line; throws with a sentence about what is wrong with it. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      large: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string', default: '64' },
    },
  });
  const { quick } = values;
  return {
    parts: positionals,
    format: values.json ? 'json' : values.markdown ? 'markdown' : 'text',
    rounds: wholeNumber('rounds', values.rounds ?? (quick ? '1' : '5')),
    seconds: wholeNumber('seconds', values.seconds ?? (quick ? '1' : '3')),
    connections: wholeNumber('connections', values.connections),
    isLarge: values.large,
    isQuick: quick,
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number of 1 or more, not ${text}`);
}
