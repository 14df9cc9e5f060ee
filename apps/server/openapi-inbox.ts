import { Receipt } from '#contract';
import { type ErrorCode, errorRegistry } from '#errors';

const problemResponse = (code: ErrorCode, description: string) => ({
  description: `\`${code}\`: ${description}`,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
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
          'What a provider calls. The received bytes are verified with the callback secrets of the source, then stored durably, then answered. PUT, PATCH and any further path below do the same. Send the signature in the header of the source’s provider.',
        security: [],
        parameters: [
          { name: 'tenant', in: 'path', required: true, schema: { type: 'string' }, example: 'default' },
          { name: 'source', in: 'path', required: true, schema: { type: 'string' }, example: 'runflow' },
          ...['Runflow-Signature', 'Upstash-Signature', 'Callbox-Signature'].map((name) => ({
            name,
            in: 'header',
            required: false,
            schema: { type: 'string' },
          })),
        ],
        requestBody: {
          description: 'Any bytes of any type',
          content: {
            'application/json': {
              schema: {},
              example: { event: 'run.completed', run_id: 'run_1', status: 'succeeded', output: null },
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
          401: problemResponse('signature_invalid', errorRegistry.signature_invalid.title),
          404: problemResponse('not_found', 'no such tenant or source'),
          405: problemResponse('method_not_allowed', errorRegistry.method_not_allowed.title),
          413: problemResponse('body_too_large', errorRegistry.body_too_large.title),
          429: problemResponse('too_many_requests', 'see `Retry-After`'),
          503: problemResponse('unavailable', 'nothing was stored; see `Retry-After`'),
        },
      },
    },
  },
};
