import { header } from '../locators.js';
import type { Locator, ProviderPreset } from '../preset.js';
import { qstash } from './qstash.js';

const failureCallback = header('Upstash-Workflow-Failure-Callback');
const isFailure = header('Upstash-Workflow-Is-Failure');
const callResult = header('Upstash-Workflow-Callback');
const unknownSdk = header('Upstash-Workflow-Unknown-Sdk');
const sdkVersion = header('Upstash-Workflow-Sdk-Version');

/** The kind of a workflow request, told by its headers in the order in which the SDK asks for them. */
const requestKind: Locator = (callback) => {
  if (failureCallback(callback) !== null || isFailure(callback) === 'true') return 'workflow.failure';
  if (callResult(callback) !== null) return 'workflow.call_result';
  const isContinued = sdkVersion(callback) !== null || unknownSdk(callback) !== null;
  return isContinued ? 'workflow.step' : 'workflow.first_invocation';
};

/**
 * Upstash Workflow: QStash messages that drive one run. Each step is a message of its own, so the message id tells a
 * retry of a step from the next step.
 */
export const upstashWorkflow: ProviderPreset = {
  ...qstash,
  id: 'upstash-workflow',
  name: 'Upstash Workflow',
  docsUrl: 'https://upstash.com/docs/workflow/howto/security',
  eventType: requestKind,
  sample: {
    type: 'workflow.first_invocation',
    headers: [
      ['Content-Type', 'application/json'],
      ['User-Agent', 'Upstash-QStash'],
      ['Upstash-Message-Id', 'msg_{unique}'],
      ['Upstash-Retried', '0'],
    ],
    body: '{"order_id":"order_{unique}"}',
    others: [
      {
        type: 'workflow.failure',
        headers: [
          ['Content-Type', 'application/json'],
          ['User-Agent', 'Upstash-QStash'],
          ['Upstash-Message-Id', 'msg_{unique}'],
          ['Upstash-Workflow-RunId', 'wfr_{unique}'],
          ['Upstash-Workflow-Is-Failure', 'true'],
          ['Upstash-Workflow-Failure-Callback', 'true'],
        ],
        body: '{"status":500,"header":{},"body":"eyJlcnJvciI6IkVycm9yIiwibWVzc2FnZSI6ImJvb20ifQ==","retried":3,"maxRetries":3,"dlqId":"1725323658779-0","sourceMessageId":"msg_source{unique}","url":"https://app.example.com/api/workflow","method":"POST","sourceHeader":{},"sourceBody":"e30=","workflowRunId":"wfr_{unique}"}',
      },
    ],
  },
  setup: [
    'Import the current and the next signing key of the QStash console as two callback secrets.',
    'Give {ingest_url}, or any path below it, as the URL of the workflow, its callbacks and failure callbacks.',
  ],
};
