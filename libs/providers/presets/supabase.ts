import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';
import { standardWebhooks } from './standard-webhooks.js';

/**
 * Supabase Auth hooks, not its database webhooks, which nobody signs. The answer decides what Auth does next: an empty object
 * lets it go on, which suits hooks that only hand something on (e-mail, SMS), not those that return claims or a decision.
 */
export const supabase: ProviderPreset = {
  id: 'supabase',
  name: 'Supabase Auth hooks',
  docsUrl: 'https://supabase.com/docs/guides/auth/auth-hooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks.scheme,
  secret: {
    format: 'v1,whsec_… as the hook shows it; what follows is base64 of the key',
    source: 'imported',
  },
  eventId: header('webhook-id'),
  reply: { status: 200, contentType: 'application/json', body: '{}' },
  aliasOf: 'standard-webhooks',
  setup: [
    'In the Supabase dashboard: Authentication → Hooks → add an HTTPS hook with the URL {ingest_url}',
    'Generate its secret and import it (v1,whsec_…) as a callback secret',
  ],
};
