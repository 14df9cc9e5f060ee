import { Global, Module } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** Injection token of the process's metrics registry. */
export const METRICS = Symbol('METRICS');

/** Makes the registry of a process, with the metrics of the process itself. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** One registry per application, so that several can live in one process. */
@Global()
@Module({
  providers: [
    {
      provide: METRICS,
      useFactory: createRegistry,
    },
  ],
  exports: [METRICS],
})
export class MetricsModule {}
