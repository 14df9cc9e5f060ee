/** What decides whether an event goes to a destination. */
interface Selection {
  readonly source_ids: readonly string[] | null;
  readonly types: readonly string[] | null;
}

/** Whether a destination wants an event of this source and type. `*` in a glob stands for any characters. */
export function matches(
  selection: Selection,
  event: { readonly source_id: string; readonly type: string | null },
): boolean {
  if (selection.source_ids !== null && !selection.source_ids.includes(event.source_id)) return false;
  return selection.types === null || selection.types.some((glob) => matchesGlob(glob, event.type ?? ''));
}

/** Linear in the length of both: the parts between the stars are looked for one after the other. */
function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return glob === text;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/** The same as a pattern for SQL's `like`. */
export function likePatternOf(glob: string): string {
  return glob.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');
}
