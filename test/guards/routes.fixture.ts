import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IdOf } from './world.fixture.js';

/** Who may call an operation, and whose id its path takes. */
export interface RouteRule {
  readonly access: 'public' | 'operator' | 'viewer' | 'developer' | 'admin';
  readonly id?: IdOf;
  /** A body that passes validation, where one is needed to get to the question whether the thing is there. */
  readonly body?: object;
  /** Whether its answer has no end: what is sent is looked at by a spec of its own. */
  readonly isStream?: boolean;
}

/** Every operation of the API. A new one has to be entered here: who may call it is a decision, not a default. */
export const routeRules: Readonly<Record<string, RouteRule>> = {
  'GET /healthz': { access: 'public' },
  'GET /readyz': { access: 'public' },
  'GET /metrics': { access: 'public' },
  'POST /in/{tenant}/{source}': { access: 'public' },

  'POST /v1/tenants': { access: 'operator' },
  'GET /v1/tenants': { access: 'operator' },
  'GET /v1/tenants/{id}': { access: 'operator', id: 'tenant' },
  'PATCH /v1/tenants/{id}': { access: 'operator', id: 'tenant' },
  'DELETE /v1/tenants/{id}': { access: 'operator', id: 'tenant' },

  'POST /v1/api-keys': { access: 'admin' },
  'GET /v1/api-keys': { access: 'admin' },
  'GET /v1/api-keys/{id}': { access: 'admin', id: 'api_key' },
  'POST /v1/api-keys/{id}/rotations': { access: 'admin', id: 'api_key' },
  'DELETE /v1/api-keys/{id}': { access: 'admin', id: 'api_key' },

  'GET /v1/audit-log': { access: 'admin' },
  'GET /v1/audit-log/verification': { access: 'admin' },

  'GET /v1/providers': { access: 'viewer' },
  'GET /v1/providers/{id}': { access: 'viewer' },

  'POST /v1/sources': { access: 'developer' },
  'GET /v1/sources': { access: 'viewer' },
  'GET /v1/sources/{id}': { access: 'viewer', id: 'source' },
  'PATCH /v1/sources/{id}': { access: 'developer', id: 'source', body: { status: 'paused' } },
  'DELETE /v1/sources/{id}': { access: 'developer', id: 'source' },
  'POST /v1/sources/{id}/test-events': { access: 'developer', id: 'source' },
  'POST /v1/sources/{id}/url-rotations': { access: 'developer', id: 'source' },

  'POST /v1/callback-secrets': { access: 'developer' },
  'GET /v1/callback-secrets': { access: 'viewer' },
  'GET /v1/callback-secrets/{id}': { access: 'viewer', id: 'callback_secret' },
  'PATCH /v1/callback-secrets/{id}': {
    access: 'developer',
    id: 'callback_secret',
    body: { label: 'stolen' },
  },
  'POST /v1/callback-secrets/{id}/rotations': { access: 'developer', id: 'callback_secret' },
  'DELETE /v1/callback-secrets/{id}': { access: 'developer', id: 'callback_secret' },

  'POST /v1/destinations': { access: 'developer' },
  'GET /v1/destinations': { access: 'viewer' },
  'GET /v1/destinations/{id}': { access: 'viewer', id: 'destination' },
  'PATCH /v1/destinations/{id}': { access: 'developer', id: 'destination', body: { status: 'paused' } },
  'DELETE /v1/destinations/{id}': { access: 'developer', id: 'destination' },
  'POST /v1/destinations/{id}/secret-rotations': { access: 'developer', id: 'destination' },

  'GET /v1/events': { access: 'viewer' },
  'GET /v1/events/stream': { access: 'viewer', isStream: true },
  'GET /v1/events/{id}': { access: 'viewer', id: 'event' },
  'GET /v1/events/{id}/body': { access: 'developer', id: 'event' },
  'DELETE /v1/events/{id}': { access: 'developer', id: 'event' },

  'GET /v1/rejections': { access: 'viewer' },
  'GET /v1/rejections/counts': { access: 'viewer' },
  'GET /v1/rejections/{id}': { access: 'viewer', id: 'rejection' },
  'POST /v1/rejections/{id}/reverify': { access: 'developer', id: 'rejection' },

  'POST /v1/events/{id}/redeliveries': { access: 'developer', id: 'event' },
  'POST /v1/runs/{run_id}/callback-redeliveries': { access: 'developer', id: 'run' },
  'POST /v1/redeliveries': { access: 'developer' },
  'GET /v1/redeliveries': { access: 'viewer' },
  'GET /v1/redeliveries/{id}': { access: 'viewer', id: 'redelivery' },
  'POST /v1/redeliveries/{id}/cancel': { access: 'developer', id: 'redelivery' },

  'GET /v1/deliveries': { access: 'viewer' },
  'GET /v1/deliveries/{id}': { access: 'viewer', id: 'delivery' },
  'POST /v1/deliveries/{id}/retry': { access: 'developer', id: 'delivery' },
};

/** What the specs look at of a documented operation. */
export interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly Record<string, readonly string[]>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: { readonly example?: unknown };
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Record<string, { readonly examples?: Record<string, { readonly value: unknown }> }>;
  };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema?: object }> }>;
}

/** The document as committed. */
export interface OpenApiFile {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: object };
  readonly paths: Record<string, Record<string, DocumentedOperation>>;
}

/** The root of the repository. */
export const root = join(__dirname, '../..');

/** Reads a file of the repository. */
export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

/** openapi.json, as committed. */
export const openApiFile = JSON.parse(readText('openapi.json')) as OpenApiFile;

/** Every documented operation by `METHOD /path`. */
export const operations: readonly (readonly [route: string, operation: DocumentedOperation])[] =
  Object.entries(openApiFile.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
