import { loadSettings } from '#config';
import { openKeyTool } from './keys-connection.js';
import { printStatus } from './keys-status.js';
import { runRewrap } from './keys-rewrap.js';

/** `npm run keys:status` and `npm run keys:rewrap`: looks at, or changes, what the keys of tenants are under. */
const commands = { status: printStatus, rewrap: runRewrap };

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<boolean> {
  const command = process.argv[2] ?? '';
  if (!Object.hasOwn(commands, command)) throw new Error('say what to do: status or rewrap');
  const loaded = loadSettings();
  if (!loaded.ok) throw new Error(loaded.mistakes.map((mistake) => `\n  ${mistake}`).join(''));
  const tool = await openKeyTool(loaded.settings);
  try {
    return await commands[command as keyof typeof commands](tool, print);
  } finally {
    await tool.close();
  }
}

main().then(
  (isDone) => process.exit(isDone ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`This cannot be done: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
