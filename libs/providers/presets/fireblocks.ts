import { z } from 'zod';
import { detachedJws, type Scheme } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  keys_url: z
    .string()
    .regex(/^https:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)?\.fireblocks\.io\/\.well-known\/jwks\.json$/)
    .default('https://keys.fireblocks.io/.well-known/jwks.json')
    .meta({ description: 'Where the keys of the environment of the workspace are published' }),
});

/**
 * Webhooks v2: a detached JWS with keys that Fireblocks publishes. It signs for every workspace alike, so the body must
 * name the one that is expected.
 */
export const fireblocks: ProviderPreset = {
  id: 'fireblocks',
  name: 'Fireblocks (webhooks v2)',
  docsUrl: 'https://developers.fireblocks.com/reference/validating-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the id of the workspace, a UUID; no secret', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/eventType'),
  uncovered: 'The URL and the time of sending.',
  setup: [
    'Import the id of the workspace as a callback secret; outside the US set keys_url to the JWKS of the environment.',
    'In Fireblocks: Developer Center → Webhooks → Create webhook, URL {ingest_url}.',
  ],
};

function schemeOf({ keys_url: keysUrl }: z.output<typeof Settings>): Scheme {
  return detachedJws({
    header: 'Fireblocks-Webhook-Signature',
    algorithms: ['RS512'],
    subscription: (workspace) =>
      /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(workspace)
        ? { keysUrl, body: { '/workspaceId': workspace } }
        : null,
  });
}
