/** A request body that works when it is sent as it is, in the order of the walk-through. */
interface BodyExample {
  readonly summary: string;
  readonly value: unknown;
}

/** A callback of Runflow's. */
export const callbackExample = {
  event: 'run.completed',
  run_id: 'run_1',
  status: 'succeeded',
  output: { images: [{ url: 'https://cdn.example.com/run_1.png' }] },
};

/** The same as the very bytes that Swagger UI makes of it, for those are what has to be signed. */
export const callbackExampleText = JSON.stringify(callbackExample, null, 2);

/** Examples of request bodies by operation; Swagger UI offers the first one. The specs send every one of them. */
export const bodyExamples: Readonly<Record<string, Readonly<Record<string, BodyExample>>>> = {
  createTenant: {
    named: { summary: 'A tenant with a name', value: { slug: 'acme', name: 'Acme Inc.' } },
  },
  updateTenant: {
    limited: {
      summary: 'No more than 100 callbacks a second',
      value: { rate_limit: { per_second: 100, burst: 500 } },
    },
    unlimited: { summary: 'No limit of its own', value: { rate_limit: null } },
  },
  createApiKey: {
    developer: { summary: 'A key for a program', value: { name: 'CI', role: 'developer' } },
    expiring: {
      summary: 'A key that only reads, and expires',
      value: { name: 'Dashboard', role: 'viewer', expires_at: '2099-01-01T00:00:00.000Z' },
    },
  },
  rotateApiKey: {
    day: { summary: 'Both work for a day', value: {} },
    atOnce: { summary: 'The old one stops at once', value: { overlap_seconds: 0 } },
  },
  createSource: {
    runflow: {
      summary: 'Runflow',
      value: { slug: 'runflow', provider: 'runflow', name: 'Runflow production' },
    },
    qstash: { summary: 'QStash', value: { slug: 'qstash', provider: 'qstash' } },
    configured: {
      summary: 'Your own programs, with settings',
      value: {
        slug: 'orders',
        provider: 'callbox',
        config: {
          dedupe: { window_seconds: 3600, key: 'json:/order_id' },
          response: { status: 202, content_type: 'text/plain', body: 'thanks' },
          retention_days: 7,
        },
      },
    },
  },
  updateSource: {
    rename: { summary: 'Another name', value: { name: 'Runflow live' } },
    pause: { summary: 'Hold its deliveries', value: { status: 'paused' } },
    resume: { summary: 'Deliver again', value: { status: 'active' } },
  },
  rotateSourceUrl: { day: { summary: 'The old URL works for a day', value: {} } },
  createTestEvent: {
    usual: { summary: 'The provider’s usual callback', value: {} },
    inbox: { summary: 'The example of “Receive a callback”', value: { body: callbackExampleText } },
    failed: { summary: 'A failed run of Runflow', value: { type: 'run.failed' } },
  },
  createCallbackSecret: {
    made: { summary: 'Let Callbox make one', value: { label: 'November 2026', source: 'runflow' } },
    imported: {
      summary: 'Import the one that the provider made',
      value: { label: 'From the console', source: 'runflow', plain_secret: 'whsec_replace-me-with-your-own' },
    },
  },
  updateCallbackSecret: {
    current: { summary: 'Sign redeliveries with this one', value: { is_current: true } },
    label: { summary: 'Another label', value: { label: 'Old key' } },
  },
  rotateCallbackSecret: {
    day: { summary: 'Both verify for a day', value: {} },
    hour: { summary: 'Both verify for an hour', value: { overlap_seconds: 3600, label: 'December 2026' } },
  },
  createDestination: {
    local: {
      summary: 'An app on this machine',
      value: { name: 'My app', url: 'http://127.0.0.1:3000/callbacks', sources: ['runflow'] },
    },
    public: {
      summary: 'A public app, with every setting',
      value: {
        name: 'Production',
        url: 'https://app.example.com/callbacks',
        types: ['run.*'],
        signing: 'standard-webhooks',
        headers: { 'X-Environment': 'production' },
        timeout_seconds: 10,
        retry: { schedule_seconds: [5, 60, 600] },
        rate_limit: { per_second: 20 },
        max_in_flight: 5,
      },
    },
  },
  updateDestination: {
    pause: { summary: 'Hold its deliveries', value: { status: 'paused' } },
    resume: { summary: 'Deliver again', value: { status: 'active' } },
    move: { summary: 'Another URL', value: { url: 'http://127.0.0.1:3000/v2/callbacks' } },
  },
  rotateDestinationSecret: {
    day: { summary: 'Both sign for a day', value: {} },
    now: { summary: 'The old one ends at once', value: { overlap_seconds: 0 } },
  },
  redeliverEvent: { all: { summary: 'To every destination that matches', value: {} } },
  redeliverRunCallbacks: { all: { summary: 'To every destination that matches', value: {} } },
  redeliverEvents: {
    dry: {
      summary: 'Count first',
      value: { filter: { source: 'runflow', delivery_status: 'failed' }, dry_run: true },
    },
    failed: {
      summary: 'All that has failed, ten a second',
      value: { filter: { source: 'runflow', delivery_status: 'failed' }, per_second: 10 },
    },
  },
};
