import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { sharedSchemas } from '../api/operation.js';
import { inboxPaths } from './openapi-inbox.js';

const TAGS: readonly (readonly [name: string, description: string])[] = [
  ['Sources', 'Where providers post: a provider, settings and an ingest URL.'],
  [
    'Callback secrets',
    'With which callbacks are verified and redeliveries re-signed. Several may be active at once.',
  ],
  ['Inbox', 'Where callbacks arrive. No API key: the signature is what lets them in.'],
  ['Events', 'Accepted callbacks, byte for byte.'],
  ['Destinations', 'Your own endpoints to which events are delivered.'],
  ['Deliveries', 'Events on their way to destinations, with every attempt.'],
  ['Redeliveries', 'Orders to deliver again.'],
  ['Providers', 'Who sends callbacks, and how each one signs.'],
  ['API keys', 'Who may call this API.'],
  ['Tenants', 'For the operator of the installation.'],
  ['Health', 'For load balancers and Prometheus.'],
];

/** The OpenAPI 3.1 document of the whole API, from its routes and schemas. */
export function createOpenApiDocument(app: INestApplication, version: string): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Callbox')
    .setDescription(
      'A webhook inbox and callback-secret manager. Errors are `application/problem+json` (RFC 9457) with a stable `code`. Lists are newest first and page by `cursor`.',
    )
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key: cbk_…' }, 'api_key')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'The value of CALLBOX_OPERATOR_KEY' },
      'operator_key',
    );
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    autoTagControllers: false,
    standardSchemaConverter: (schema, { schemaType }) => convert(schema as z.ZodType, schemaType),
  });
  const shared = Object.values(sharedSchemas).map((schema) => convert(schema, 'output').components);
  document.components = {
    ...document.components,
    schemas: Object.assign(
      {},
      document.components?.schemas,
      ...shared,
      inboxPaths.schemas(convert),
    ) as NonNullable<OpenAPIObject['components']>['schemas'] & object,
  };
  Object.assign(document.paths, inboxPaths.paths);
  return document;
}

interface Converted {
  readonly schema: unknown;
  readonly components: Record<string, object>;
}

/** A zod schema as JSON Schema 2020-12, which OpenAPI 3.1 uses; schemas with an id become components. */
export function convert(schema: z.ZodType, io: 'input' | 'output'): Converted {
  const {
    $schema: _dialect,
    $defs = {},
    id,
    ...root
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
  }) as { $schema?: string; $defs?: Record<string, object>; id?: string } & Record<string, unknown>;
  const components = Object.fromEntries(
    Object.entries($defs).map(([name, definition]) => [name, withoutId(definition)]),
  );
  return id === undefined
    ? { schema: root, components }
    : { schema: { $ref: `#/$defs/${id}` }, components: { ...components, [id]: root } };
}

function withoutId(definition: object): object {
  const { id: _id, ...rest } = definition as { id?: string };
  return rest;
}
