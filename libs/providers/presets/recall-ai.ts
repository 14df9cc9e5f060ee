import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** Recall.ai: one secret per workspace and the `webhook-` names; accounts from before 2025-12-15 still see `svix-` names. */
export const recallAi: ProviderPreset = {
  ...svix,
  id: 'recall-ai',
  name: 'Recall.ai',
  docsUrl: 'https://docs.recall.ai/docs/authenticating-requests-from-recallai',
  secret: { format: 'whsec_… the verification secret of the workspace', source: 'imported' },
  eventType: json('/event'),
  aliasOf: 'svix',
  setup: [
    'In Recall.ai: Developers → API Keys & Secrets → Create Workspace Secret; without one nothing is signed',
    'In the webhooks dashboard: add the endpoint {ingest_url}',
    'Import the secret (whsec_…) as a callback secret; an older account has one secret for each endpoint',
  ],
};
