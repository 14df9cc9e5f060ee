// Builds what is stale, then runs the benchmarks: `npm run bench`, or `npm run bench ingest`.
import { buildIfStale } from './build-if-stale.mjs';

buildIfStale();
await import('../dist/bench/main.js');
