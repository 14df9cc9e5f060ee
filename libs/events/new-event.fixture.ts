import { newId, timeOfId } from '#database';
import type { NewEvent } from './new-event.js';

/** An event of a tenant and source of its own, unless `fields` say otherwise. */
export function anEvent(fields: Partial<NewEvent> = {}): NewEvent {
  const id = fields.id ?? newId();
  return {
    tenantId: newId(),
    id,
    sourceId: newId(),
    provider: 'callbox',
    type: null,
    providerEventId: null,
    runId: null,
    receivedAtMs: timeOfId(id),
    method: 'POST',
    path: '/in/t/s',
    query: '',
    contentType: null,
    headers: [['Host', 'x']],
    sensitiveHeaders: null,
    body: Buffer.from(id),
    scheme: 'hmac',
    secretId: null,
    signedAtMs: null,
    dedupe: null,
    ...fields,
  };
}
