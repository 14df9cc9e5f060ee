import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { defaultLimits, type Settings } from '#config';
import { createLogger } from '#logging';
import { createApp } from '../../apps/server/create-app.js';
import { createDatabase, type TestDatabase } from './database.js';
import { freePort } from './free-port.js';
import { send } from './send.js';
import { TestTenant } from './test-tenant.js';

const OPERATOR_KEY = 'operator-key-of-the-tests-0123456789abcdef';

interface TestAppOptions {
  readonly settings?: Partial<Settings>;
  /** Another process on the same database; it is not dropped with this one. */
  readonly database?: TestDatabase;
}

/** The whole application, listening on a free port, on a database of its own. */
export class TestApp {
  /** Every line logged so far. */
  readonly log: string[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly settings: Settings,
    private readonly ownsDatabase: boolean,
  ) {}

  app!: NestFastifyApplication;

  static async start(options: TestAppOptions = {}): Promise<TestApp> {
    const database = options.database ?? (await createDatabase());
    const port = await freePort();
    const settings: Settings = {
      port,
      host: '127.0.0.1',
      publicUrl: `http://127.0.0.1:${port}`,
      databaseUrl: database.url,
      dataDir: '/nonexistent',
      masterKeys: [Buffer.alloc(32, 7)],
      keyProvider: 'local',
      vault: undefined,
      awsKms: undefined,
      operatorKey: OPERATOR_KEY,
      bootstrapKey: undefined,
      roles: ['inbox', 'api', 'worker'],
      allowedDestinations: ['127.0.0.0/8', '::1/128'],
      maxBodyBytes: 10_485_760,
      trustedProxies: [],
      apiRatePerMinute: 0,
      processes: 1,
      sourceRatePerSecond: 0,
      tenantRatePerSecond: 0,
      diskReserveBytes: 0,
      databaseDir: undefined,
      limits: defaultLimits,
      streams: 1_000,
      streamsPerTenant: 1_000,
      logLevel: 'info',
      ...options.settings,
    };
    const testApp = new TestApp(database, settings, options.database === undefined);
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        testApp.log.push(chunk.toString('utf8'));
        done();
      },
    });
    testApp.app = await createApp(settings, createLogger(settings.logLevel, sink), 'test');
    await testApp.app.listen(port, '127.0.0.1');
    return testApp;
  }

  get url(): string {
    return `http://127.0.0.1:${this.settings.port}`;
  }

  /** Calls the operator API. */
  operator<Body = Record<string, unknown>>(method: string, path: string, body?: unknown) {
    return send<Body>(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${OPERATOR_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Makes a tenant with a slug nobody else has. */
  async tenant(slug = `t-${randomBytes(5).toString('hex')}`): Promise<TestTenant> {
    const { body } = await this.operator<{ id: string; slug: string; api_key: { plain_key: string } }>(
      'POST',
      '/v1/tenants',
      {
        slug,
      },
    );
    return new TestTenant(this.url, body.id, body.slug, body.api_key.plain_key);
  }

  async stop(): Promise<void> {
    await this.app.close();
    if (this.ownsDatabase) await this.database.drop();
  }
}
