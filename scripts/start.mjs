// Builds what is stale, then runs the server in this very process, so that signals reach it.
import { buildIfStale } from './build-if-stale.mjs';

buildIfStale();
await import('../dist/apps/server/main.js');
