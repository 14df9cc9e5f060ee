import { benchDeliveries } from './deliveries.js';
import { benchIngest } from './ingest.js';
import { benchSignatures } from './signatures.js';

const benches: Readonly<Record<string, () => Promise<void>>> = {
  ingest: benchIngest,
  deliveries: benchDeliveries,
  signatures: benchSignatures,
};

const wanted = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  await bench();
}
