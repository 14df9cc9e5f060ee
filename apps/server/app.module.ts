import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { StandardSchemaSerializerInterceptor, StandardSchemaValidationPipe } from '@nestjs/common';
import { type Role, SETTINGS, type Settings } from '#config';
import { DatabaseModule } from '#database';
import { problem, ProblemFilter } from '#errors';
import { KeyringModule } from '#keyring';
import { LOGGER, type Logger } from '#logging';
import { MetricsModule } from '#metrics';
import { SecretsModule } from '#secrets';
import { SourcesModule } from '#sources';
import { TenantsModule } from '#tenants';
import { AccessGuard } from '../api/access.guard.js';
import { ApiModule } from '../api/api.module.js';
import { InboxModule } from '../inbox/inbox.module.js';
import { WorkerModule } from '../worker/worker.module.js';
import { Bootstrap } from './bootstrap.js';
import { HealthController } from './health.controller.js';

const roleModules: Readonly<Record<Role, Type>> = {
  inbox: InboxModule,
  api: ApiModule,
  worker: WorkerModule,
};

/** Settings and logger, for every module. */
@Module({})
class ProcessModule {
  static of(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: ProcessModule,
      global: true,
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: LOGGER, useValue: logger },
      ],
      exports: [SETTINGS, LOGGER],
    };
  }
}

/** The process: the cellar, the parts that its roles ask for, and what stands before every route. */
@Module({})
export class AppModule {
  static of(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ProcessModule.of(settings, logger),
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
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_INTERCEPTOR, useClass: StandardSchemaSerializerInterceptor },
        { provide: APP_FILTER, useValue: new ProblemFilter(logger) },
        { provide: APP_PIPE, useValue: new StandardSchemaValidationPipe({ exceptionFactory: toProblem }) },
      ],
    };
  }
}

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function toProblem(issues: readonly Issue[]) {
  const errors = issues.slice(0, 50).map(({ message, path }) => ({
    path: (path ?? [])
      .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
      .join('.'),
    message,
  }));
  const first = errors[0];
  const detail =
    first === undefined
      ? {}
      : { detail: `${first.path === '' ? 'The request' : first.path}: ${first.message}` };
  return problem('malformed_request', { ...detail, errors });
}
