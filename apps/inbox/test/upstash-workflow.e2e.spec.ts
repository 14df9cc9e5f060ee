import { send, TestApp, type TestTenant } from '#testing';
import { CURRENT_KEY, genuineToken } from './qstash-tokens.fixture.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const RUN_ID = 'wfr_Pj7x3nAv2Yd9kLq0sVbT1';

interface WorkflowRequest {
  readonly type: string;
  readonly further: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly runId: string | null;
}

const failure = {
  status: 500,
  header: { 'content-type': ['application/json'] },
  body: Buffer.from('{"error":"Error","message":"no"}').toString('base64'),
  sourceMessageId: 'msg_1',
  workflowRunId: RUN_ID,
  workflowCreatedAt: 1_790_000_000_000,
};

const requests: readonly WorkflowRequest[] = [
  {
    type: 'workflow.first_invocation',
    further: '/onboarding',
    headers: { 'Content-Type': 'text/plain', Authorization: 'Bearer of-the-user' },
    body: '{"userId": "u_1"}',
    runId: null,
  },
  {
    type: 'workflow.first_invocation',
    further: '/onboarding?init=1',
    headers: { 'Upstash-Workflow-Init': 'true', 'Upstash-Workflow-RunId': RUN_ID },
    body: '{"userId": "u_1"}',
    runId: RUN_ID,
  },
  {
    type: 'workflow.step',
    further: '/onboarding',
    headers: { 'Upstash-Workflow-Sdk-Version': '1', 'Upstash-Workflow-RunId': RUN_ID },
    body: '[{"messageId":"msg_1","body":"eyJ1c2VySWQiOiJ1XzEifQ==","callType":"step"}]',
    runId: RUN_ID,
  },
  {
    type: 'workflow.step',
    further: '/lazy',
    headers: { 'Upstash-Workflow-Sdk-Version': '1', 'Upstash-Workflow-RunId': RUN_ID },
    body: '',
    runId: RUN_ID,
  },
  {
    type: 'workflow.call_result',
    further: '/onboarding',
    headers: {
      'Upstash-Workflow-Callback': 'true',
      'Upstash-Workflow-Sdk-Version': '1',
      'Upstash-Workflow-RunId': RUN_ID,
      'Upstash-Workflow-StepId': '2',
    },
    body: '{"status":200,"header":{},"body":"b2s="}',
    runId: RUN_ID,
  },
  {
    type: 'workflow.failure',
    further: '/onboarding/failed',
    headers: { 'Upstash-Workflow-Is-Failure': 'true', 'Upstash-Workflow-RunId': RUN_ID },
    body: JSON.stringify(failure),
    runId: RUN_ID,
  },
  {
    type: 'workflow.failure',
    further: '/failed',
    headers: { 'Upstash-Workflow-Failure-Callback': 'true', 'upstash-workflow-runid': RUN_ID },
    body: JSON.stringify(failure),
    runId: RUN_ID,
  },
];

async function workflowSource(tenant: TestTenant) {
  return tenant.source('upstash-workflow', { slug: 'flow', plainSecret: CURRENT_KEY });
}

describe('an Upstash Workflow request', () => {
  test.each(requests)('of kind $type at $further is verified and stored with its run', async (request) => {
    const { type, further, headers, body, runId } = request;
    const tenant = await app.tenant();
    const url = (await workflowSource(tenant)).url + further;
    const post = (token: string) =>
      send(url, { method: 'POST', headers: { ...headers, 'Upstash-Signature': token }, body });
    expect((await post(genuineToken({ url, body: `${body} ` }))).status).toBe(401);
    expect((await post(genuineToken({ url: `${url}/other`, body }))).status).toBe(401);
    const answer = await post(genuineToken({ url, body }));
    expect(answer.status).toBe(200);
    expect(await tenant.ok('GET', `/v1/events/${answer.body['id'] as string}`)).toMatchObject({
      provider: 'upstash-workflow',
      type,
      run_id: runId,
      path: new URL(url).pathname,
      body,
    });
  });

  test('of one run is found by the id of the run', async () => {
    const tenant = await app.tenant();
    const { url } = await workflowSource(tenant);
    for (const { headers, body } of requests)
      await send(url, {
        method: 'POST',
        headers: { ...headers, 'Upstash-Signature': genuineToken({ url, body }) },
        body,
      });
    const ofRun = await tenant.ok<{ data: unknown[] }>('GET', `/v1/events?run_id=${RUN_ID}`);
    expect(ofRun.data).toHaveLength(requests.filter(({ runId }) => runId === RUN_ID).length);
  });

  test('that is retried with the same message id is known again, and the next step is not', async () => {
    const tenant = await app.tenant();
    const { url } = await workflowSource(tenant);
    const step = (messageId: string, retried: string) =>
      send(url, {
        method: 'POST',
        headers: {
          'Upstash-Workflow-Sdk-Version': '1',
          'Upstash-Workflow-RunId': RUN_ID,
          'Upstash-Message-Id': messageId,
          'Upstash-Retried': retried,
          'Upstash-Signature': genuineToken({ url, body: '[]' }, { jti: `jwt_${messageId}${retried}` }),
        },
        body: '[]',
      });
    const first = await step('msg_a', '0');
    expect(first.body['status']).toBe('accepted');
    expect((await step('msg_a', '1')).body).toEqual({ id: first.body['id'], status: 'duplicate' });
    expect((await step('msg_b', '0')).body['status']).toBe('accepted');
  });
});
