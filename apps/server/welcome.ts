import type { Settings } from '#config';
import type { Welcome } from './bootstrap.js';

interface Facts {
  readonly version: string;
  readonly database: string;
  readonly migrationsRun: number;
}

/** The text a person sees when Callbox has started. The API key is in it once, on the first start. */
export function welcomeText(settings: Settings, welcome: Welcome | null, facts: Facts): string {
  const base = settings.publicUrl;
  const key =
    welcome?.plainKey != null
      ? `${welcome.plainKey}\n               (tenant "default", role admin; shown this once, so keep it)`
      : settings.bootstrapKey !== undefined
        ? 'the one in CALLBOX_BOOTSTRAP_KEY'
        : 'the one shown at the first start';
  const lines = [
    '',
    `  Callbox ${facts.version} is running (${settings.roles.join(', ')}${settings.processes > 1 ? ` in each of ${settings.processes} processes` : ''})`,
    '',
    `  Base URL     ${base}`,
    `  Swagger UI   ${base}/docs`,
    `  API key      ${key}`,
    `  Database     ${facts.database}, ${facts.migrationsRun === 0 ? 'up to date' : `${facts.migrationsRun} migrations run`}`,
    '',
  ];
  if (welcome?.callback != null && settings.roles.includes('inbox')) {
    const { url, body, signature } = welcome.callback;
    lines.push(
      '  Send your first callback; it carries a valid signature:',
      '',
      `curl -X POST '${url}' -H 'Content-Type: application/json' -H 'Callbox-Signature: ${signature}' -d '${body}'`,
      '',
    );
  }
  lines.push('  Ctrl-C stops it; the data stays.', '');
  return lines.join('\n');
}
