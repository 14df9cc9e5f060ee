import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database, DiskSpace, pendingMigrations } from '#database';
import { problem } from '#errors';
import { METRICS, type Registry } from '#metrics';
import { Operation } from '../api/operation.js';
import { SIBLINGS, type Siblings } from './siblings.js';

const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

interface TextReply {
  header(name: string, value: string): TextReply;
  send(body: string): unknown;
}

@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly disk: DiskSpace,
    @Inject(METRICS) private readonly metrics: Registry,
    @Inject(SIBLINGS) private readonly siblings: Siblings | null,
  ) {}

  @Get('healthz')
  @Operation({
    id: 'getHealth',
    summary: 'Does the process live?',
    access: 'public',
    status: 200,
    answer: Health,
  })
  health(): object {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Operation({
    id: 'getReadiness',
    summary: 'Can it serve: is the database there, safe and migrated?',
    access: 'public',
    status: 200,
    answer: Health,
    errors: ['unavailable'],
  })
  async readiness(): Promise<object> {
    const unsafe = await this.database
      .queryAcrossTenants<{ name: string }>(
        `select name from pg_settings
         where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'`,
        [],
      )
      .catch(() => null);
    if (unsafe === null) throw problem('unavailable', 'The database cannot be reached');
    if (unsafe.length > 0) {
      const names = unsafe.map(({ name }) => name).join(', ');
      throw problem('unavailable', `The database may lose what it has committed: ${names} is off`);
    }
    const ran = await this.database
      .queryAcrossTenants<{ name: string }>('select name from migrations', [])
      .catch(() => []);
    if (pendingMigrations(ran.map(({ name }) => name)).length > 0)
      throw problem('unavailable', 'Migrations are pending');
    if (this.disk.isShort)
      throw problem('unavailable', 'The disk of the database is nearly full; callbacks are turned away');
    return { status: 'ok' };
  }

  @Get('metrics')
  @ApiProduces('text/plain')
  @Operation({
    id: 'getMetrics',
    summary: 'Metrics for Prometheus',
    description: 'Of all processes that share this port, added up.',
    access: 'public',
    status: 200,
    answers: 'Text format 0.0.4',
  })
  async metricsText(@Res() reply: TextReply): Promise<void> {
    const text = this.siblings === null ? await this.metrics.metrics() : await this.siblings.metrics();
    if (text === null) throw problem('unavailable', 'The other processes cannot be asked');
    reply.header('content-type', this.metrics.contentType).send(text);
  }
}
