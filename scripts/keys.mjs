// Builds what is stale, then shows (status) or changes (rewrap) what the keys of tenants are wrapped under.
import { buildIfStale } from './build-if-stale.mjs';

buildIfStale();
await import('../dist/apps/server/keys.js');
