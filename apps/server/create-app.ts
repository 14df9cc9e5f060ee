import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { Settings } from '#config';
import { toUlid } from '#contract';
import { newId } from '#database';
import { problem, ProblemFilter } from '#errors';
import { type Logger, NestLogger } from '#logging';
import { METRICS, type Registry } from '#metrics';
import { actingFor } from '#tenants';
import { Inbox } from '../inbox/inbox.js';
import { AppModule } from './app.module.js';
import { answerClientError } from './client-errors.js';
import { createFrontServer } from './front-server.js';
import { createOpenApiDocument } from './openapi.js';
import type { Siblings } from './siblings.js';

const API_BODY_LIMIT_BYTES = 1_048_576;

/** Makes the application: one HTTP server, whose callbacks go straight to the inbox and all else through Nest. */
export async function createApp(
  settings: Settings,
  logger: Logger,
  version: string,
  siblings: Siblings | null = null,
): Promise<NestFastifyApplication> {
  const front: { inbox: Inbox | null } = { inbox: null };
  const filter = new ProblemFilter(logger);
  const adapter = new FastifyAdapter({
    serverFactory: (framework: RequestListener) => createFrontServer(framework, front, settings.limits),
    clientErrorHandler: answerClientError,
    genReqId: () => toUlid(newId()),
    bodyLimit: API_BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: false, caseSensitive: true, maxParamLength: 1_024 },
    trustProxy: settings.trustedProxies.length === 0 ? false : [...settings.trustedProxies],
    frameworkErrors: (_error, request, reply) => {
      filter.write(problem('malformed_request', 'The URL cannot be read'), request.id, reply as never);
    },
  } as ConstructorParameters<typeof FastifyAdapter>[0]);
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.of(settings, logger, siblings),
    adapter,
    {
      logger: new NestLogger(logger),
      bodyParser: false,
      abortOnError: false,
      forceCloseConnections: false,
    },
  );
  siblings?.tellMetricsOf(app.get<Registry>(METRICS, { strict: false }));
  acceptJsonOnly(app);
  nameRequests(app);
  if (settings.roles.includes('inbox')) front.inbox = app.get(Inbox, { strict: false });
  if (settings.roles.includes('api')) serveDocs(app, version);
  return app;
}

/** The management API takes JSON in UTF-8 and nothing else; an empty body is none. */
function acceptJsonOnly(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    if (!isPlainUtf8(request.headers)) return done(problem('unsupported_media_type'), undefined);
    const text = utf8Text(body as Buffer);
    if (text === null) return done(problem('malformed_request', 'The body is not UTF-8'), undefined);
    void parse(request, text, done);
  });
}

/** What says that it is in another character set, or compressed, would be misread. */
function isPlainUtf8(headers: IncomingHttpHeaders): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(headers['content-type'] ?? '') ?? [];
  const encoding = headers['content-encoding'] ?? 'identity';
  return /^utf-?8$/i.test(charset ?? 'utf-8') && encoding.toLowerCase() === 'identity';
}

/** `null` for what is not UTF-8, rather than replacing characters, of a secret say, without a word. */
function utf8Text(body: Buffer): string | null {
  return isUtf8(body) ? body.toString('utf8') : null;
}

/** So that whatever is written down knows which request from where it answers; the guard adds who sent it. */
function nameRequests(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preHandler', (request, reply, done) => {
      actingFor({ remoteIp: request.ip, requestId: request.id }, (leave) => {
        reply.raw.once('close', leave);
        done();
      });
    });
}

function serveDocs(app: NestFastifyApplication, version: string): void {
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app, version), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Callbox API',
    swaggerOptions: {
      persistAuthorization: true,
      displayRequestDuration: true,
      filter: true,
      deepLinking: true,
      docExpansion: 'list',
      tryItOutEnabled: true,
    },
  });
}
