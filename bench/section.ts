/** A table of figures: cells are shown as they are. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the figures need to be understood. */
  readonly notes?: readonly string[];
}

/** What one part of the bench has to say. */
export interface Section {
  readonly tables: readonly Table[];
  /** The figures themselves, for `--json`. */
  readonly data: object;
  /** Promises that were broken: the run fails. */
  readonly violations: readonly string[];
  /** What makes figures doubtful. */
  readonly warnings: readonly string[];
}

/** For a terminal. */
export function asText({ title, columns, rows, notes = [] }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ');
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [title, line(columns), rule, ...rows.map(line), ...notes.map((note) => `  ${note}`), ''].join('\n');
}

/** To paste into a page. */
export function asMarkdown({ title, columns, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(columns.map((_, index) => (index === 0 ? '---' : '---:')));
  return [
    `### ${title}`,
    '',
    line(columns),
    rule,
    ...rows.map(line),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

/** Numbers as they are read: `12,345`, `3.21`, `—` for what cannot be told. */
export const show = {
  whole: (value: number | null): string => (value === null ? '—' : Math.round(value).toLocaleString('en-US')),
  fixed: (value: number | null, digits = 2): string => (value === null ? '—' : value.toFixed(digits)),
  mebibytes: (bytes: number | null): string =>
    bytes === null ? '—' : `${Math.round(bytes / 1024 ** 2)} MiB`,
} as const;
