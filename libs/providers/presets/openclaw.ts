import { bearer } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** A shared token as bearer authorization; the header x-openclaw-token is not looked at. */
export const openclaw: ProviderPreset = {
  id: 'openclaw',
  name: 'OpenClaw',
  docsUrl: 'https://docs.openclaw.ai/automation/webhook',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: bearer(),
  secret: { format: 'any text without white space, used as it stands', source: 'either' },
  uncovered: 'Nothing is signed: the token does not cover the body.',
  tokenHeaders: ['authorization'],
  setup: [
    'Make a callback secret, or import the token you have.',
    'In OpenClaw: let the hook POST to {ingest_url} with Authorization: Bearer <token>.',
  ],
};
