import { applyDecorators, HttpCode, SerializeOptions, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { Problem } from '#contract';
import { type ErrorCode, errorRegistry, problem, problemDocument, type ProblemDocument } from '#errors';
import type { Role } from '#tenants';

/** Who may call an operation: a role of API keys, the operator, or anybody. */
export type Access = Role | 'operator' | 'public';

/** Where the guard and the tests read what {@link Operation} says. */
export const ACCESS = 'callbox:access';

interface OperationOptions {
  /** camelCase, verb and noun; unique. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly status: 200 | 201 | 202 | 204;
  /** Validates and strips the answer; absent for 204 and for bytes. */
  readonly answer?: z.ZodType;
  /** What the answer means, for the document. */
  readonly answers?: string;
  /** What `answer` is by status, where it is one of several. */
  readonly answerOf?: readonly AnswerOfStatus[];
  /** The answer by media type, where it is not JSON and there is more to say of it. */
  readonly content?: Readonly<Record<string, MediaType>>;
  /** Beyond those that every operation of its kind can have. */
  readonly errors?: readonly ErrorCode[];
}

interface AnswerOfStatus {
  readonly status: OperationOptions['status'];
  readonly answer: z.ZodType;
  readonly answers: string;
}

interface MediaType {
  readonly schema: { readonly type: 'string' };
  readonly examples: Record<string, { readonly summary: string; readonly value: string }>;
}

/**
 * Everything a route promises, said once: who may call it, what it answers and how it can fail. The guard lets nobody
 * through a route without it.
 */
export function Operation(options: OperationOptions): MethodDecorator {
  const secured = options.access !== 'public';
  const codes: ErrorCode[] = [
    ...(options.errors ?? []),
    ...(secured ? (['malformed_request', 'unauthorized', 'too_many_requests', 'unavailable'] as const) : []),
    ...(secured && options.access !== 'viewer' && options.access !== 'operator'
      ? (['forbidden'] as const)
      : []),
    // While the operator API is off.
    ...(options.access === 'operator' ? (['not_found'] as const) : []),
  ];
  const description = [options.description, accessSentences[options.access]].filter(Boolean).join('\n\n');
  return applyDecorators(
    SetMetadata(ACCESS, options.access),
    HttpCode(options.status),
    ApiOperation({
      operationId: options.id,
      summary: options.summary,
      ...(description === '' ? {} : { description }),
    }),
    ...(secured ? [ApiBearerAuth(options.access === 'operator' ? 'operator_key' : 'api_key')] : []),
    ...(options.answer === undefined ? [] : [SerializeOptions({ schema: options.answer })]),
    ...successResponses(options),
    ...problemResponses([...new Set(codes)]),
  );
}

function successResponses(options: OperationOptions): MethodDecorator[] {
  if (options.answerOf !== undefined)
    return options.answerOf.map(({ status, answer, answers }) =>
      ApiResponse({ status, description: answers, standardSchema: answer }),
    );
  return [
    ApiResponse({
      status: options.status,
      description: options.answers ?? options.summary,
      ...(options.answer === undefined ? {} : { standardSchema: options.answer }),
      ...(options.content === undefined ? {} : { content: options.content }),
    }),
  ];
}

const accessSentences: Readonly<Record<Access, string>> = {
  viewer: 'Any API key.',
  developer: 'API keys of the roles `developer` and `admin`.',
  admin: 'API keys of the role `admin`.',
  operator: 'The operator key.',
  public: '',
};

/** One documented answer per status, with an example per code. */
export function problemContents(codes: readonly ErrorCode[]): Record<string, object> {
  const statuses = [...new Set(codes.map((code) => errorRegistry[code].status))].sort();
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = codes.filter((code) => errorRegistry[code].status === status);
      const examples = Object.fromEntries(ofStatus.map((code) => [code, { value: exampleOf(code) }]));
      return [
        String(status),
        {
          description: ofStatus.map((code) => `\`${code}\`: ${errorRegistry[code].title}`).join('. '),
          content: {
            'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples },
          },
        },
      ];
    }),
  );
}

function problemResponses(codes: readonly ErrorCode[]): MethodDecorator[] {
  return Object.entries(problemContents(codes)).map(([status, content]) =>
    ApiResponse({ status: Number(status), ...content }),
  );
}

function exampleOf(code: ErrorCode): ProblemDocument {
  return problemDocument(problem(code), 'urn:callbox:request:01KAQ3ZX9B7T4N2M8V5C6D1E0F');
}

/** Kept in the document's components; see apps/server/openapi.ts. */
export const sharedSchemas = { Problem };
