import { z } from 'zod';
import { unsigned } from '#signatures';
import type { ProviderPreset } from '../preset.js';

const Settings = z.strictObject({
  accept_unverified: z
    .literal(true, 'must be true: nothing proves who sends these callbacks')
    .meta({ description: 'Says that you know: anybody who learns the URL can send' }),
});

/** Any sender, nothing checked: only the URL, which nobody can guess, tells its callbacks from anybody's. */
export const unverified: ProviderPreset = {
  id: 'unverified',
  name: 'Unverified (any sender)',
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc9110#section-17.9',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: unsigned(),
  configuration: { settings: Settings },
  secret: { format: 'none', source: 'none' },
  urlToken: true,
  uncovered: 'Nothing is signed: not the body, the URL, the time or the sender.',
  setup: [
    'Set accept_unverified to true in the config of the source.',
    'Give the sender {ingest_url} and keep it secret; make a new one with url-rotations when it has leaked.',
  ],
};
