import { type Answer, send } from './send.js';

/** A tenant of a test's own, with its admin key. */
export class TestTenant {
  constructor(
    private readonly baseUrl: string,
    readonly id: string,
    readonly slug: string,
    readonly adminKey: string,
  ) {}

  /** Calls the management API; with the admin key unless another one is given. */
  call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    key: string = this.adminKey,
  ): Promise<Answer<Body>> {
    return send<Body>(this.baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Calls the management API and throws unless it answers 2xx. */
  async ok<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.call<Body>(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.bytes.toString('utf8')}`);
    return answer.status === 204 ? ({} as Body) : answer.body;
  }

  /** Makes a source with a secret. */
  async source(
    provider: string,
    options: { readonly slug?: string; readonly plainSecret?: string; readonly config?: object } = {},
  ): Promise<{
    readonly id: string;
    readonly slug: string;
    readonly url: string;
    readonly secret: string;
    readonly secretId: string;
  }> {
    const slug = options.slug ?? provider;
    const source = await this.ok<{ id: string; ingest_url: string }>('POST', '/v1/sources', {
      slug,
      provider,
      ...(options.config === undefined ? {} : { config: options.config }),
    });
    const secret = await this.ok<{ id: string; plain_secret: string }>('POST', '/v1/callback-secrets', {
      label: 'first',
      source: slug,
      ...(options.plainSecret === undefined ? {} : { plain_secret: options.plainSecret }),
    });
    return { id: source.id, slug, url: source.ingest_url, secret: secret.plain_secret, secretId: secret.id };
  }

  /** Makes a key of a role. */
  async key(role: 'admin' | 'developer' | 'viewer'): Promise<string> {
    return (await this.ok<{ plain_key: string }>('POST', '/v1/api-keys', { name: role, role })).plain_key;
  }
}
