import type { HeaderPairs } from '#signatures';
import type { Callback } from '../preset.js';
import { qstash } from './qstash.js';
import { upstashWorkflow } from './upstash-workflow.js';

function callback(headers: HeaderPairs): Callback {
  return {
    method: 'POST',
    url: 'https://inbox.example/in/acme/flow',
    headers,
    body: Buffer.alloc(0),
    json: undefined,
  };
}

const run = ['Upstash-Workflow-RunId', 'wfr_1'] as const;
const sdk = ['Upstash-Workflow-Sdk-Version', '1'] as const;

describe('the Upstash Workflow preset', () => {
  test('shares the signature of QStash', () => {
    expect(upstashWorkflow.scheme).toBe(qstash.scheme);
  });

  test.each<[kind: string, headers: HeaderPairs]>([
    ['workflow.first_invocation', []],
    ['workflow.first_invocation', [['Upstash-Message-Id', 'msg_1']]],
    ['workflow.step', [sdk, run]],
    ['workflow.step', [['Upstash-Workflow-Unknown-Sdk', 'x'], run]],
    ['workflow.call_result', [sdk, run, ['Upstash-Workflow-Callback', 'true']]],
    ['workflow.failure', [sdk, run, ['Upstash-Workflow-Failure-Callback', 'true']]],
    ['workflow.failure', [['Upstash-Workflow-Is-Failure', 'true']]],
    ['workflow.step', [sdk, run, ['Upstash-Workflow-Is-Failure', 'false']]],
    [
      'workflow.failure',
      [run, ['upstash-workflow-is-failure', 'true'], ['upstash-workflow-callback', 'true']],
    ],
  ])('calls it %s when the headers are %j', (kind, headers) => {
    expect(upstashWorkflow.eventType?.(callback(headers))).toBe(kind);
  });

  test('reads the run, and the id of the message that each step is', () => {
    const step = callback([sdk, run, ['Upstash-Message-Id', 'msg_7']]);
    expect(upstashWorkflow.runId?.(step)).toBe('wfr_1');
    expect(upstashWorkflow.eventId?.(step)).toBe('msg_7');
  });
});
