import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the specs need of a vector; presets.vectors.spec.ts says what else stands in one. */
interface Vector {
  readonly secret: string;
}

/** The vectors beside a preset; none for those that stand for any sender. */
export function vectorsOf(id: string): readonly Vector[] {
  const file = join(__dirname, 'presets', `${id}.vectors.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Vector[]) : [];
}
