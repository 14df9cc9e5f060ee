import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { problemContents, sharedSchemas } from '../api/operation.js';
import { bodyExamples } from './openapi-examples.js';
import { introduction } from './openapi-introduction.js';
import { inboxPaths } from './openapi-inbox.js';

const TAGS: readonly (readonly [name: string, description: string])[] = [
  ['Sources', 'Where providers post: a provider, settings and an ingest URL.'],
  [
    'Callback secrets',
    'With which callbacks are verified and redeliveries re-signed. Several may be active at once.',
  ],
  ['Inbox', 'Where callbacks arrive. No API key: the signature is what lets them in.'],
  ['Events', 'Accepted callbacks, byte for byte.'],
  ['Rejections', 'Refused callbacks, with why and what to do about it.'],
  ['Destinations', 'Your own endpoints to which events are delivered.'],
  ['Deliveries', 'Events on their way to destinations, with every attempt.'],
  ['Redeliveries', 'Orders to deliver again.'],
  ['Providers', 'Who sends callbacks, and how each one signs.'],
  ['API keys', 'Who may call this API.'],
  ['Audit log', 'Who did what to which secret, key, source or destination.'],
  ['Tenants', 'For the operator of the installation.'],
  ['Health', 'For load balancers and Prometheus.'],
];

/** The OpenAPI 3.1 document of the whole API, from its routes and schemas. */
export function createOpenApiDocument(app: INestApplication, version: string): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, describeApi(version), {
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
  for (const path of Object.values(document.paths)) {
    if (path.post !== undefined) makeRepeatable(path.post as DocumentedOperation);
    for (const operation of [path.get, path.post, path.patch, path.delete])
      if (operation !== undefined)
        finishOperation(operation as DocumentedOperation, document.components.schemas ?? {});
  }
  Object.assign(document.paths, inboxPaths.paths);
  return document;
}

function describeApi(version: string): Omit<OpenAPIObject, 'paths'> {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Callbox')
    .setDescription(introduction)
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addSecurity('api_key', { type: 'http', scheme: 'bearer', description: 'An API key: cbk_…' })
    .addSecurity('operator_key', {
      type: 'http',
      scheme: 'bearer',
      description: 'The value of CALLBOX_OPERATOR_KEY',
    });
  for (const [name, description] of TAGS) builder.addTag(name, description);
  return builder.build();
}

interface DocumentedOperation {
  readonly operationId: string;
  security?: unknown[];
  parameters?: DocumentedParameter[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly schema: { readonly $ref?: string }; examples?: unknown }>;
    required?: boolean;
  };
  readonly responses: Record<string, unknown>;
}

interface DocumentedResponse {
  description: string;
  content: Record<string, { examples: Record<string, unknown> }>;
}

interface DocumentedParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  description?: string;
  readonly schema: { type?: string; maxLength?: number; example?: string; description?: string };
}

/** What every POST takes besides its own. */
function makeRepeatable(operation: DocumentedOperation): void {
  operation.parameters = [
    ...(operation.parameters ?? []),
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description:
        'Within 24 hours the same key and request gives the first answer again, less what is shown only once; then with the header `Idempotent-Replayed: true`',
      schema: { type: 'string', maxLength: 255 },
    },
  ];
  const added = problemContents(['idempotency_in_progress', 'idempotency_key_reused']);
  for (const [status, response] of Object.entries(added)) {
    const known = operation.responses[status] as DocumentedResponse | undefined;
    operation.responses[status] =
      known === undefined ? response : merged(known, response as DocumentedResponse);
  }
}

function merged(one: DocumentedResponse, other: DocumentedResponse): DocumentedResponse {
  const [type = ''] = Object.keys(other.content);
  const content = { ...one.content[type], ...other.content[type] };
  const examples = { ...one.content[type]?.examples, ...other.content[type]?.examples };
  return {
    description: `${one.description}. ${other.description}`,
    content: { ...one.content, [type]: { ...content, examples } },
  };
}

/** Adds to an operation what the framework cannot know. */
function finishOperation(operation: DocumentedOperation, schemas: Readonly<Record<string, object>>): void {
  operation.security ??= [];
  for (const parameter of operation.parameters ?? []) describeParameter(parameter);
  const body = operation.requestBody?.content['application/json'];
  if (operation.requestBody === undefined || body === undefined) return;
  const schema = schemas[body.schema.$ref?.split('/').at(-1) ?? ''];
  operation.requestBody.required = schema !== undefined && !('default' in schema);
  body.examples = bodyExamples[operation.operationId];
  Object.assign(operation.responses, problemContents(['body_too_large', 'unsupported_media_type']));
}

/** Swagger UI sends the example of a parameter unless it is cleared, so optional ones keep theirs in words only. */
function describeParameter(parameter: DocumentedParameter): void {
  const { schema } = parameter;
  delete schema.description;
  if (parameter.required === true || schema.example === undefined) return;
  parameter.description = [parameter.description, `for example \`${schema.example}\``]
    .filter(Boolean)
    .join('; ');
  delete schema.example;
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
    override: ({ jsonSchema }) => simplify(jsonSchema, io),
  }) as { $schema?: string; $defs?: Record<string, object>; id?: string } & Record<string, unknown>;
  const components = Object.fromEntries(
    Object.entries($defs).map(([name, definition]) => [name, withoutId(definition)]),
  );
  return id === undefined
    ? { schema: root, components }
    : { schema: { $ref: `#/$defs/${id}` }, components: { ...components, [id]: root } };
}

/** Takes out what is true but tells a reader nothing; answers may gain fields, so they are not closed. */
function simplify(schema: Record<string, unknown>, io: 'input' | 'output'): void {
  if (schema['format'] === 'date-time' || schema['type'] === 'integer') delete schema['pattern'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (io === 'output' && schema['additionalProperties'] === false) delete schema['additionalProperties'];
}

function withoutId(definition: object): object {
  const { id: _id, ...rest } = definition as { id?: string };
  return rest;
}
