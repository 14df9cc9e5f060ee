// Builds what is stale, then runs the benchmarks: `npm run bench`, or `npm run bench ingest overload`; see docs/performance.md.
import { buildIfStale } from './build-if-stale.mjs';

// Standard output is for the figures: `--json` writes nothing else to it.
buildIfStale(process.stderr);
await import('../dist/bench/main.js');
