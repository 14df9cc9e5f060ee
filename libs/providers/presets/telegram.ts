import { sharedToken } from '#signatures';
import { json } from '../locators.js';
import type { Locator, ProviderPreset } from '../preset.js';

/** The kind of an update is the name of the one field it has besides its id. */
const updateKind: Locator = ({ json: update }) => {
  if (typeof update !== 'object' || update === null) return null;
  const kind = Object.keys(update).find((name) => name !== 'update_id');
  return kind !== undefined && /^[a-z_]{1,64}$/.test(kind) ? kind : null;
};

/** Telegram's Bot API signs nothing: it repeats the token that was given to setWebhook. */
export const telegram: ProviderPreset = {
  id: 'telegram',
  name: 'Telegram Bot API',
  docsUrl: 'https://core.telegram.org/bots/api#setwebhook',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ header: 'X-Telegram-Bot-Api-Secret-Token' }),
  secret: { format: 'the secret_token of setWebhook: letters, digits, _ and -', source: 'either' },
  eventId: json('/update_id'),
  eventType: updateKind,
  tokenHeaders: ['x-telegram-bot-api-secret-token'],
  uncovered: 'The body and the time: the token says who sends, not what.',
  setup: [
    'Make a callback secret',
    'Call https://api.telegram.org/bot<token>/setWebhook with url {ingest_url} and the secret as secret_token',
  ],
};
