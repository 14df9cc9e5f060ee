import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { AuditLogList, AuditLogQuery, AuditLogVerification, AuditVerificationQuery } from '#contract';
import { AuditLog, type AuditRow, type Caller } from '#tenants';
import { Operation } from '../operation.js';
import { CurrentCaller, pageRequest } from '../parameters.js';

@ApiTags('Audit log')
@Controller('v1/audit-log')
export class AuditLogController {
  constructor(private readonly audit: AuditLog) {}

  @Get()
  @Operation({
    id: 'listAuditLog',
    summary: 'Who did what, when and from where',
    description:
      'Every creation, rotation, change and deletion of secrets, keys, sources and destinations, every API key that was not let in, newest first. Rows are appended in the transaction of what they record and are never changed.',
    access: 'admin',
    status: 200,
    answer: AuditLogList,
  })
  async list(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: AuditLogQuery }) query: z.output<typeof AuditLogQuery>,
  ): Promise<object> {
    const filter = {
      action: query.action,
      actorId: query.actor_id,
      targetId: query.target_id,
      occurredAfter: query.occurred_after,
      occurredBefore: query.occurred_before,
    };
    const page = await this.audit.list(tenantId, filter, pageRequest(query));
    return { ...page, data: page.data.map(show) };
  }

  @Get('verification')
  @Operation({
    id: 'verifyAuditLog',
    summary: 'Does the chain of the audit log hold?',
    description:
      'Reads every row. A row that was changed or removed in the database is named. `head` is worth noting elsewhere: given as `anchor` later, it proves that nothing up to it was rewritten, not even by somebody with the master key.',
    access: 'admin',
    status: 200,
    answer: AuditLogVerification,
  })
  verify(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: AuditVerificationQuery }) query: z.output<typeof AuditVerificationQuery>,
  ): Promise<object> {
    return this.audit.verify(tenantId, query.anchor ?? null);
  }
}

function show(row: AuditRow): object {
  return {
    ...row,
    sequence: Number(row.sequence),
    actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
    target: { type: row.target_type, id: row.target_id, name: row.target_name },
    details: JSON.parse(row.details) as unknown,
  };
}
