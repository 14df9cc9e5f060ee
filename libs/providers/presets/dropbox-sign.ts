import { hmacInBody } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * A multipart form with the event as JSON in its field `json`; time and type of the event are signed with the API key.
 * The time is that of the event and repeated for days, so it is not judged, and the hash tells no two events of a second
 * apart, so it is no id.
 */
export const dropboxSign: ProviderPreset = {
  id: 'dropbox-sign',
  name: 'Dropbox Sign (HelloSign)',
  docsUrl: 'https://github.com/hellosign/dropbox-sign-node',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmacInBody({
    algorithm: 'sha256',
    encoding: 'hex',
    signature: { form: 'json#/event/event_hash' },
    content: '${form:json#/event/event_time}${form:json#/event/event_type}',
  }),
  secret: { format: 'the API key of the account, used as it stands', source: 'imported' },
  uncovered: 'The body: only event_time and event_type are signed, what happened to which document is not.',
  reply: { status: 200, contentType: 'text/plain', body: 'Hello API Event Received' },
  setup: [
    'In Dropbox Sign: Settings → API, account callback URL {ingest_url}.',
    'Import the API key as a callback secret.',
  ],
};
