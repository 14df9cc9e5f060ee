import 'reflect-metadata';
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  Controller,
  Get,
  HttpCode,
  Module,
  Post,
  type RawBodyRequest,
  Req,
  UnauthorizedException,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import type { FastifyRequest } from 'fastify';
import { Column, Entity, PrimaryColumn, QueryFailedError, Repository } from 'typeorm';
import { newId } from '#database';

// What one writes on the first afternoon: verify, insert one row, answer. As its authors would recommend it: Fastify
// rather than Express, `insert` rather than `save`, a pool of connections, ids made in time order.
const [, , port, secret = '', databaseUrl = ''] = process.argv;
const UNIQUE_VIOLATION = '23505';
const POOL_SIZE = 16;
const LARGEST_BODY_BYTES = 10_485_760;

@Entity('plain_events')
class PlainEvent {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'source_id' }) sourceId!: string;
  @Column('text') provider!: string;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
  @Column('text') method!: string;
  @Column('text') path!: string;
  @Column('text', { name: 'content_type', nullable: true }) contentType!: string | null;
  @Column('integer') size!: number;
  @Column('jsonb') headers!: object;
  @Column('bytea') body!: Buffer;
  @Column('text', { name: 'dedupe_key' }) dedupeKey!: string;
}

const [TENANT_ID, SOURCE_ID] = [newId(), newId()];

@Controller()
class CallbacksController {
  constructor(@InjectRepository(PlainEvent) private readonly events: Repository<PlainEvent>) {}

  @Get('ready')
  ready(): string {
    return 'ok';
  }

  @Post('in')
  @HttpCode(200)
  async receive(@Req() request: RawBodyRequest<FastifyRequest>): Promise<object> {
    const body = request.rawBody ?? Buffer.alloc(0);
    if (!isGenuine(body, String(request.headers['callbox-signature']))) throw new UnauthorizedException();
    const id = newId();
    try {
      await this.events.insert({
        tenantId: TENANT_ID,
        id,
        sourceId: SOURCE_ID,
        provider: 'callbox',
        receivedAt: new Date(),
        method: request.method,
        path: request.url,
        contentType: request.headers['content-type'] ?? null,
        size: body.length,
        headers: request.headers,
        body,
        dedupeKey: String(request.headers['x-event-id']),
      });
      return { id, status: 'accepted' };
    } catch (error) {
      const { code } = error instanceof QueryFailedError ? (error.driverError as { code?: string }) : {};
      if (code !== UNIQUE_VIOLATION) throw error;
      return { id: null, status: 'duplicate' };
    }
  }
}

function isGenuine(body: Buffer, signature: string): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: databaseUrl,
      entities: [PlainEvent],
      extra: { max: POOL_SIZE },
    }),
    TypeOrmModule.forFeature([PlainEvent]),
  ],
  controllers: [CallbacksController],
})
class PlainModule {}

const app = await NestFactory.create<NestFastifyApplication>(
  PlainModule,
  new FastifyAdapter({ bodyLimit: LARGEST_BODY_BYTES }),
  { rawBody: true, logger: ['error', 'warn'] },
);
await app.listen(Number(port), '127.0.0.1');
