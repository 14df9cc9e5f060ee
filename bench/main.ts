import type { BenchContext } from './bench-context.js';
import { benchDeliveries } from './deliveries.js';
import { benchGrowth } from './growth.js';
import { benchIngest } from './ingest.js';
import { benchLatency } from './latency.js';
import { benchLimits } from './limits.js';
import { LoadGenerator } from './load/load-generator.js';
import { describeMachine, type Machine } from './machine.js';
import { type BenchOptions, readOptions } from './options.js';
import { benchOverload } from './overload.js';
import { asMarkdown, asText, type Section } from './section.js';
import { startPlainDatabase } from './servers.js';
import { benchRedeliveries } from './redeliveries.js';
import { benchSignatures } from './signatures.js';

type Part = (context: BenchContext) => Promise<Section>;

const parts: Readonly<Record<string, Part>> = {
  ingest: benchIngest,
  latency: benchLatency,
  overload: benchOverload,
  growth: benchGrowth,
  limits: benchLimits,
};
/** They print their own tables, and say nothing in JSON. */
const printingParts: Readonly<Record<string, () => Promise<void>>> = {
  deliveries: benchDeliveries,
  redeliveries: benchRedeliveries,
  signatures: benchSignatures,
};

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const known = [...Object.keys(parts), ...Object.keys(printingParts)];
  const unknown = options.parts.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const isWanted = (name: string): boolean => options.parts.length === 0 || options.parts.includes(name);
  if (options.format !== 'text') console.log = console.error;

  const machine = await thisMachine();
  if (options.format !== 'json') print(machineLine(machine));
  const generator = new LoadGenerator();
  const done: Record<string, Section> = {};
  try {
    for (const [name, part] of Object.entries(parts)) {
      if (!isWanted(name)) continue;
      const progress = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
      const section = await part({ options, generator, progress });
      done[name] = section;
      if (options.format !== 'json') show(section, options);
    }
  } finally {
    generator.close();
  }
  for (const [name, part] of Object.entries(printingParts)) {
    if (!isWanted(name)) continue;
    console.log(`== ${name}`);
    await part();
  }
  const sections = Object.values(done);
  if (options.format === 'json') print(asJson(machine, options, done));
  if (sections.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
}

async function thisMachine(): Promise<Machine> {
  const database = await startPlainDatabase();
  try {
    return await describeMachine(database.pool);
  } finally {
    await database.stop();
  }
}

function machineLine({ date, cpu, cores, memoryGiB, system, node, postgres, fsyncUs }: Machine): string {
  return (
    `${date.slice(0, 16).replace('T', ' ')} UTC: ${cores} cores (${cpu}), ${memoryGiB} GiB, ${system}, ` +
    `Node ${node}, PostgreSQL ${postgres ?? 'none'}, fdatasync ${fsyncUs} µs.\n` +
    `Load generator, server and database share the machine.\n`
  );
}

function show({ tables, violations, warnings }: Section, { format }: BenchOptions): void {
  for (const table of tables) print(format === 'markdown' ? asMarkdown(table) : asText(table));
  for (const warning of warnings) print(`DOUBTFUL: ${warning}\n`);
  for (const violation of violations) print(`BROKEN PROMISE: ${violation}\n`);
}

function asJson(machine: Machine, options: BenchOptions, done: Readonly<Record<string, Section>>): string {
  const bodies = Object.entries(done).map(([name, { data, violations, warnings }]) => [
    name,
    { ...data, violations, warnings },
  ]);
  return JSON.stringify({ machine, options, ...(Object.fromEntries(bodies) as object) }, null, 2);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

// What was started ends with this process, on its `exit`, however it is ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
