// Builds what is stale, then runs the server in this very process, so that signals reach it. The script `start` says
// `exec`, so that they do not stop at the shell between npm and this; where there is no exec, what follows || runs.
import { buildIfStale } from './build-if-stale.mjs';

buildIfStale();
await import('../dist/apps/server/main.js');
