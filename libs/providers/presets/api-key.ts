import { z } from 'zod';
import { sharedToken } from '#signatures';
import { FieldName, HeaderName } from '../generic-settings.js';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  header: HeaderName.default('X-Api-Key'),
  query_parameter: FieldName.optional().meta({
    description: 'Take the key from the query instead of a header',
  }),
});

/** A key in a header or in the query, for any sender. It says who sends, not what. */
export const apiKey: ProviderPreset = {
  id: 'api-key',
  name: 'API key in a header or the query (any sender)',
  docsUrl: 'https://swagger.io/docs/specification/v3_0/authentication/api-keys/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ header: 'X-Api-Key' }),
  configuration: {
    settings: Settings,
    scheme: (settings) => {
      const { header, query_parameter: query } = Settings.parse(settings);
      return sharedToken(query === undefined ? { header } : { query });
    },
  },
  secret: { format: 'the key, any text', source: 'either' },
  uncovered: 'The key does not cover the body, method, URL or time.',
  tokenHeaders: ['x-api-key'],
  setup: [
    'Have the sender POST to {ingest_url} with the callback secret in the header X-Api-Key, or set header or query_parameter in the config.',
  ],
};
