import { Receipt } from '#contract';
import { problemContents } from '../api/operation.js';
import { callbackExample } from './openapi-examples.js';

const path = (name: string, description: string, example: string) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string', example },
});

const signature = (name: string, of: string) => ({
  name,
  in: 'header',
  required: false,
  description: `For sources of ${of}; from the \`request\` of a test event, or made by yourself`,
  schema: { type: 'string' },
});

/** The inbox is no Nest controller, so that nothing parses its requests; its part of the document is written here. */
export const inboxPaths = {
  schemas: (convert: (schema: typeof Receipt, io: 'output') => { components: object }): object =>
    convert(Receipt, 'output').components,
  paths: {
    '/in/{tenant}/{source}': {
      post: {
        operationId: 'receiveCallback',
        tags: ['Inbox'],
        summary: 'Receive a callback',
        description:
          'What a provider calls: the `ingest_url` of a source. The received bytes are verified with the callback secrets of the source, then stored durably, then answered. PUT, PATCH and any further path below do the same. The signature covers every byte of the body, so send it exactly as it was signed.',
        security: [],
        parameters: [
          path('tenant', 'Slug of the tenant', 'default'),
          path('source', 'Slug of the source', 'runflow'),
          signature('Runflow-Signature', '`runflow`'),
          signature('Upstash-Signature', '`qstash` and `upstash-workflow`'),
          signature('Callbox-Signature', '`callbox`'),
        ],
        requestBody: {
          required: false,
          description: 'Any bytes of any type',
          content: {
            'application/json': {
              schema: {},
              examples: {
                runflow: { summary: 'A callback of Runflow', value: callbackExample },
              },
            },
            'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
          },
        },
        responses: {
          200: {
            description:
              'Verified and durably stored, or a duplicate of an event that is (or the source’s own response)',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Receipt' } } },
          },
          ...problemContents([
            'signature_invalid',
            'not_found',
            'method_not_allowed',
            'request_timeout',
            'body_too_large',
            'too_many_requests',
            'unavailable',
          ]),
        },
      },
    },
  },
};
