import { z } from 'zod';
import { Id, IdInput, listOf, PageQuery, Time, TimeInput } from './fields.js';

/** Everything that is written down, by what it is done to. */
export const AuditActionName = z.enum([
  'tenant.created',
  'tenant.updated',
  'api_key.created',
  'api_key.rotated',
  'api_key.deleted',
  'api_key.refused',
  'api_key.denied',
  'source.created',
  'source.updated',
  'source.url_rotated',
  'source.tested',
  'source.deleted',
  'callback_secret.created',
  'callback_secret.rotated',
  'callback_secret.updated',
  'callback_secret.made_current',
  'callback_secret.deleted',
  'destination.created',
  'destination.updated',
  'destination.secret_rotated',
  'destination.deleted',
  'event.deleted',
  'rejection.reverified',
  'redelivery.created',
  'redelivery.cancelled',
  'delivery.retried',
]);

/** What was done, and to what kind of thing. */
export type AuditAction = z.output<typeof AuditActionName>;

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** Which rows of the audit log are asked for. */
export const AuditLogQuery = PageQuery.extend({
  action: AuditActionName.optional().meta({ description: 'Only rows of this action' }),
  actor_id: IdInput.optional().meta({ description: 'Id of the API key that did it' }),
  target_id: IdInput.optional().meta({ description: 'Id of what it was done to' }),
  occurred_after: TimeInput.optional(),
  occurred_before: TimeInput.optional(),
});

/** A row noted earlier, which must still be there: `<sequence>:<hash>`. */
export const AuditVerificationQuery = z.strictObject({
  anchor: z
    .string()
    .regex(
      /^[1-9]\d{0,14}:[0-9a-f]{64}$/,
      'must be <sequence>:<hash> of a row, as an earlier verification gave it',
    )
    .transform((value) => {
      const [sequence = '', hash = ''] = value.split(':');
      return { sequence: Number(sequence), hash: Buffer.from(hash, 'hex') };
    })
    .optional()
    .meta({
      type: 'string',
      description: '`<sequence>:<hash>` of a row that was noted elsewhere and must still be there',
    }),
});

const Hash = z
  .instanceof(Uint8Array)
  .transform((bytes) => Buffer.from(bytes).toString('hex'))
  .pipe(z.string().regex(SHA256_HEX).meta({ description: 'Hex' }));

export const AuditLogRow = z
  .object({
    id: Id,
    sequence: z.int().meta({ description: 'Rows of a tenant are numbered without gaps' }),
    occurred_at: Time,
    action: AuditActionName,
    actor: z.object({
      type: z.enum(['api_key', 'operator', 'system']),
      id: Id.nullable(),
      name: z.string().nullable(),
    }),
    target: z.object({ type: z.string(), id: Id.nullable(), name: z.string().nullable() }),
    remote_ip: z.string().nullable(),
    request_id: z.string().nullable().meta({
      description: 'The `instance` of errors and the log name the same',
      example: '01KAQ3ZX9B7T4N2M8V5C6D1E0F',
    }),
    details: z.record(z.string(), z.unknown()).meta({ description: 'Never holds a secret' }),
    previous_hash: Hash,
    hash: Hash,
  })
  .meta({ id: 'AuditLogRow' });

export const AuditLogList = listOf(AuditLogRow, 'AuditLogList');

export const AuditLogVerification = z
  .object({
    valid: z.boolean(),
    checked: z.int().meta({ description: 'Rows read' }),
    head: z
      .object({ sequence: z.int(), hash: Hash })
      .nullable()
      .meta({ description: 'The newest row: note it elsewhere and give it as `anchor` later' }),
    faults: z.array(
      z.object({
        kind: z.enum(['changed', 'missing', 'misplaced', 'head_changed', 'anchor_not_met']).meta({
          description:
            '`changed`: not what was written. `missing`: rows `sequence` to `last_sequence` are gone. `misplaced`: does not follow the row before it. `head_changed`: the note of the newest row is not what was written. `anchor_not_met`: the given row is not there',
        }),
        sequence: z.int(),
        last_sequence: z.int(),
        id: Id.nullable().meta({ description: 'null where the row is gone' }),
      }),
    ),
  })
  .meta({ id: 'AuditLogVerification' });
