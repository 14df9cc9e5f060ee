import type { ProviderPreset } from '../preset.js';
import { vercel } from './vercel.js';

/** Vercel Drains: batches of log lines as NDJSON or a JSON list, without an id; signed as Vercel signs its webhooks. */
export const vercelLogDrains: ProviderPreset = {
  id: 'vercel-log-drains',
  name: 'Vercel Drains (logs, traces)',
  docsUrl: 'https://vercel.com/docs/drains/security',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: vercel.scheme,
  secret: { format: 'the signature secret of the drain, used as it stands', source: 'either' },
  uncovered: 'The age: whoever saw a batch can send it again.',
  aliasOf: 'vercel',
  setup: [
    'In Vercel: team Settings → Drains → Add Drain, custom endpoint {ingest_url}, and set a signature secret',
    'Import the same signature secret as a callback secret',
  ],
};
