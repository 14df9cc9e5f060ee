import { settingsSchema } from './settings.js';

/** The texts of `docs/configuration.md` (its table) and `.env.example`, from the one schema. */
export function describeSettings(): { table: string; envExample: string } {
  const entries = Object.entries(settingsSchema);
  const rows = entries.map(([name, { fallback, meaning }]) => `| \`${name}\` | ${fallback} | ${meaning} |`);
  const lines = entries.map(
    ([name, { fallback, meaning }]) => `# ${meaning}\n# Default: ${fallback}\n#${name}=\n`,
  );
  return {
    table: ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n') + '\n',
    envExample: lines.join('\n'),
  };
}
