import { hmac } from '#signatures';
import { firstOf, joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const runId = firstOf(json('/run_id'), json('/batch_id'));
const eventType = json('/event');
const runflowHeaders = [
  ['Content-Type', 'application/json'],
  ['Runflow-Request-Id', 'req_{unique}'],
] as const;

/**
 * Runflow signs the bare body: no time, no id, exactly one signature. The key is the whole text of the secret,
 * `whsec_` included. Its handlers are told to know a callback again by run and event.
 */
export const runflow: ProviderPreset = {
  id: 'runflow',
  name: 'Runflow',
  docsUrl: 'https://docs.runflow.io/guides/verify-callback-signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'Runflow-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'whsec_… as shown once by Runflow, used as it stands', source: 'either' },
  eventId: joined(':', runId, eventType),
  eventType,
  runId,
  sample: {
    type: 'run.completed',
    headers: runflowHeaders,
    body: '{"event":"run.completed","run_id":"run_{unique}","status":"succeeded","output":{"images":[{"url":"https://cdn.example.com/{unique}.png","width":1024,"height":1024}]},"duration_ms":8421,"created_at":"{time}","completed_at":"{time}","metadata":{"order":"42"}}',
    others: [
      {
        type: 'run.failed',
        headers: runflowHeaders,
        body: '{"event":"run.failed","run_id":"run_{unique}","status":"failed","output":{"code":"MODEL_UNAVAILABLE","message":"The model is not available","errors":null},"duration_ms":310,"created_at":"{time}","completed_at":"{time}","metadata":{"order":"42"}}',
      },
      {
        type: 'run.cancelled',
        headers: runflowHeaders,
        body: '{"event":"run.cancelled","run_id":"run_{unique}","status":"cancelled","output":null,"duration_ms":95,"created_at":"{time}","completed_at":"{time}","metadata":{}}',
      },
      {
        type: 'batch.succeeded',
        headers: runflowHeaders,
        body: '{"event":"batch.succeeded","batch_id":"batch_{unique}","status":"succeeded","output":{"items":[],"succeeded":2,"failed":0,"cancelled":0,"total":2},"duration_ms":15230,"created_at":"{time}","completed_at":"{time}","metadata":{}}',
      },
    ],
  },
  setup: [
    'Make a callback secret here, or import the plain_secret of the one that POST /v1/callback-secrets of Runflow has shown.',
    'Give {ingest_url} as callback_url when you create a run or a batch.',
  ],
};
