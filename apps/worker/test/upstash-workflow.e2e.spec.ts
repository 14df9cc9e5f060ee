import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Receiver } from '@upstash/qstash';
import { serve } from '@upstash/workflow/express';
import express from 'express';
import { eventually, qstashToken, send, TestApp } from '#testing';
import { destination, deliveryThat } from './delivering.fixture.js';

const SIGNING_KEY = 'sig_workflow-key-of-the-tests-012345';
const AUTHORIZATION = 'Bearer secret-of-the-workflow-app';

/** An app with the official SDK, and the QStash it reports its steps to. */
interface WorkflowApp {
  readonly url: string;
  readonly answers: { readonly status: number; readonly body: unknown }[];
  readonly published: { readonly path: string; readonly body: unknown }[];
  readonly failures: unknown[];
  stop(): void;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startWorkflowApp(): Promise<WorkflowApp> {
  const published: { path: string; body: unknown }[] = [];
  const answers: { status: number; body: unknown }[] = [];
  const failures: unknown[] = [];
  const qstash = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      published.push({ path: request.url ?? '', body: text === '' ? null : JSON.parse(text) });
      response.setHeader('content-type', 'application/json').end(JSON.stringify([{ messageId: 'msg_next' }]));
    });
  });
  const qstashUrl = await listening(qstash);
  const application = express();
  application.use(express.json());
  application.use((_request, response, next) => {
    const json = response.json.bind(response);
    response.json = (body) => (answers.push({ status: response.statusCode, body }), json(body));
    next();
  });
  application.use(
    '/workflow',
    serve<{ order: number }>(
      async (context) => {
        if (context.headers.get('authorization') !== AUTHORIZATION) return;
        const doubled = await context.run('double', () => context.requestPayload.order * 2);
        await context.run('store', () => doubled + 1);
      },
      {
        qstashClient: new Client({ baseUrl: qstashUrl, token: 'token-of-the-tests', retry: false }),
        receiver: new Receiver({
          currentSigningKey: SIGNING_KEY,
          nextSigningKey: 'sig_another-key-of-the-tests-0123',
        }),
        failureFunction: ({ context, failStatus }) => {
          failures.push({ failStatus, authorization: context.headers.get('authorization') });
          return Promise.resolve();
        },
      },
    ),
  );
  const server = createServer(application);
  const url = `${await listening(server)}/workflow`;
  return {
    url,
    answers,
    published,
    failures,
    stop: () => [server, qstash].forEach((one) => (one.closeAllConnections(), one.close())),
  };
}

let app: TestApp;
let workflow: WorkflowApp;
beforeAll(async () => {
  // The SDK prints every refusal.
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  app = await TestApp.start();
  workflow = await startWorkflowApp();
});
afterAll(async () => {
  workflow.stop();
  await app.stop();
});
beforeEach(() => {
  for (const list of [workflow.answers, workflow.published, workflow.failures]) list.length = 0;
});

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

/** Lets a workflow request in by the inbox, waits for its delivery, redelivers it, and gives back what the app answered. */
async function deliverTwice(headers: Readonly<Record<string, string>>, payload: unknown, path = '') {
  const tenant = await app.tenant();
  const source = await tenant.source('upstash-workflow', { plainSecret: SIGNING_KEY });
  await destination(tenant, workflow.url, { retry: { schedule_seconds: [] } });
  const body = JSON.stringify(payload);
  const url = source.url + path;
  const { body: answer } = await send<{ id: string }>(url, {
    method: 'POST',
    headers: {
      'upstash-signature': qstashToken(SIGNING_KEY, { url, body }),
      'upstash-message-id': 'msg_of-this-request',
      'content-type': 'application/json',
      ...headers,
    },
    body,
  });
  await deliveryThat(tenant, answer.id, { status: 'succeeded' });
  await tenant.ok('POST', `/v1/events/${answer.id}/redeliveries`);
  await eventually(() => expect(workflow.answers).toHaveLength(2));
  return { event: await tenant.ok('GET', `/v1/events/${answer.id}`) };
}

const STEP_HEADERS = {
  'Upstash-Workflow-Sdk-Version': '1',
  'Upstash-Workflow-RunId': 'wfr_1',
  'Upstash-Workflow-Init': 'false',
  'Upstash-Workflow-CallType': 'step',
  'Upstash-Feature-Set': 'LazyFetch,InitialBody',
};

describe('the Express adapter of @upstash/workflow', () => {
  test('runs the next step for a step request and for its redelivery', async () => {
    const steps = [
      { messageId: 'msg_0', body: base64({ order: 21 }), callType: 'step' },
      {
        messageId: 'msg_1',
        body: base64({ stepId: 1, stepName: 'double', stepType: 'Run', out: '42', concurrent: 1 }),
        callType: 'step',
      },
    ];
    const { event } = await deliverTwice({ ...STEP_HEADERS, Authorization: AUTHORIZATION }, steps);
    expect(workflow.answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(workflow.published).toHaveLength(2);
    for (const { path, body } of workflow.published) {
      expect(path).toBe('/v2/batch');
      expect(JSON.stringify(body)).toContain('store');
    }
    expect(event).toMatchObject({ run_id: 'wfr_1', type: 'workflow.step' });
  });

  test('refuses a step request without the credentials of its run', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('upstash-workflow', { plainSecret: SIGNING_KEY });
    await destination(tenant, workflow.url, { retry: { schedule_seconds: [] } });
    const body = JSON.stringify([{ messageId: 'msg_0', body: base64({ order: 21 }), callType: 'step' }]);
    const { body: answer } = await send<{ id: string }>(source.url, {
      method: 'POST',
      headers: {
        ...STEP_HEADERS,
        'content-type': 'application/json',
        'upstash-signature': qstashToken(SIGNING_KEY, { url: source.url, body }),
      },
      body,
    });
    const refused = await deliveryThat(tenant, answer.id, { status: 'failed' });
    expect(refused.attempts).toMatchObject([{ status_code: 400 }]);
  });

  test('runs the failure function for a failure callback at a further path, and for its redelivery', async () => {
    const failure = {
      status: 500,
      header: {},
      body: base64({ error: 'Error', message: 'the step failed' }),
      url: 'https://app.example/workflow',
      sourceBody: base64({ order: 21 }),
      workflowRunId: 'wfr_2',
      workflowCreatedAt: 1_790_000_000_000,
    };
    const headers = {
      'Upstash-Workflow-Is-Failure': 'true',
      'Upstash-Workflow-RunId': 'wfr_2',
      Authorization: AUTHORIZATION,
    };
    const { event } = await deliverTwice(headers, failure, '/failure');
    expect(workflow.answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(workflow.failures).toEqual([
      { failStatus: 500, authorization: AUTHORIZATION },
      { failStatus: 500, authorization: AUTHORIZATION },
    ]);
    expect(event).toMatchObject({ run_id: 'wfr_2', type: 'workflow.failure' });
  });

  test('starts a run for a first invocation', async () => {
    await deliverTwice({ Authorization: AUTHORIZATION }, { order: 1 });
    expect(workflow.answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(workflow.published.length).toBeGreaterThanOrEqual(2);
  });
});
