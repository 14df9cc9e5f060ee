import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import { StandardSchemaSerializerInterceptor, StandardSchemaValidationPipe } from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Role, SETTINGS, type Settings } from '#config';
import { DatabaseModule } from '#database';
import { ProblemFilter } from '#errors';
import { KeyringModule } from '#keyring';
import { LOGGER, type Logger } from '#logging';
import { MetricsModule } from '#metrics';
import { SecretsModule } from '#secrets';
import { SourcesModule } from '#sources';
import { TenantsModule } from '#tenants';
import { AccessGuard } from '../api/access.guard.js';
import { ApiModule } from '../api/api.module.js';
import { IdempotencyInterceptor } from '../api/idempotency.interceptor.js';
import { RateLimit } from '../api/rate-limit.js';
import { Refusals } from '../api/refusals.js';
import { StrayInputInterceptor } from '../api/stray-input.interceptor.js';
import { InboxModule } from '../inbox/inbox.module.js';
import { WorkerModule } from '../worker/worker.module.js';
import { Bootstrap } from './bootstrap.js';
import { HealthController } from './health.controller.js';
import { watchRoutes } from './routes.js';
import { SIBLINGS, type Siblings } from './siblings.js';
import { validationProblem } from './validation-problem.js';

const roleModules: Readonly<Record<Role, Type>> = {
  inbox: InboxModule,
  api: ApiModule,
  worker: WorkerModule,
};

/** Settings and logger, for every module. */
@Module({})
class ProcessModule {
  static of(settings: Settings, logger: Logger, siblings: Siblings | null): DynamicModule {
    return {
      module: ProcessModule,
      global: true,
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: LOGGER, useValue: logger },
        { provide: SIBLINGS, useValue: siblings },
      ],
      exports: [SETTINGS, LOGGER, SIBLINGS],
    };
  }
}

/** The process: the cellar, the parts that its roles ask for, and what stands before every route. */
@Module({})
export class AppModule {
  static of(settings: Settings, logger: Logger, siblings: Siblings | null): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ProcessModule.of(settings, logger, siblings),
        DatabaseModule,
        KeyringModule,
        MetricsModule,
        TenantsModule,
        SecretsModule,
        SourcesModule,
        ...settings.roles.map((role) => roleModules[role]),
      ],
      controllers: [HealthController],
      providers: [
        Bootstrap,
        RateLimit,
        Refusals,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_INTERCEPTOR, useClass: StrayInputInterceptor },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_INTERCEPTOR, useClass: StandardSchemaSerializerInterceptor },
        {
          provide: APP_FILTER,
          inject: [HttpAdapterHost],
          useFactory: ({ httpAdapter }: HttpAdapterHost<FastifyAdapter>) =>
            new ProblemFilter(logger, watchRoutes(httpAdapter.getInstance())),
        },
        {
          provide: APP_PIPE,
          useValue: new StandardSchemaValidationPipe({ exceptionFactory: validationProblem }),
        },
      ],
    };
  }
}
