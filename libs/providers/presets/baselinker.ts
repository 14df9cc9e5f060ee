import { unsigned } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** BaseLinker signs nothing and asks by HEAD whether the URL is there. */
export const baselinker: ProviderPreset = {
  id: 'baselinker',
  name: 'BaseLinker',
  docsUrl: 'https://base.com/en-US/help/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: unsigned(),
  secret: { format: 'none', source: 'none' },
  urlToken: true,
  uncovered:
    'Nothing is signed: not the body, the URL, the time or the sender. Only the URL protects this source.',
  handshake: {
    description: 'HEAD: 200, to show that the URL is there.',
    methods: ['HEAD'],
    isSigned: false,
    answer: ({ method }) => (method === 'HEAD' ? { status: 200, headers: [], body: '' } : null),
  },
  setup: ['In BaseLinker: Integrations → Webhooks, URL {ingest_url}.'],
};
