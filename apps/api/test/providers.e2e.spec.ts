import { TestApp, type TestTenant } from '#testing';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start();
  tenant = await app.tenant();
});
afterAll(() => app.stop());

interface Page {
  readonly data: { readonly id: string }[];
  readonly next_cursor: string | null;
}

describe('the providers', () => {
  test('are shown with everything that the contract names', async () => {
    const runflow = await tenant.ok('GET', '/v1/providers/runflow');
    expect(runflow).toMatchObject({
      id: 'runflow',
      name: 'Runflow',
      scheme: 'hmac',
      secret_format: expect.any(String),
      secret_source: 'either',
      signature_headers: ['Runflow-Signature'],
      signs_timestamp: false,
      default_tolerance_seconds: null,
      can_resign: true,
      handshake: null,
      docs_url: expect.stringMatching(/^https:/),
    });
    expect(await tenant.ok('GET', '/v1/providers/qstash')).toMatchObject({
      secret_source: 'imported',
      signature_headers: ['Upstash-Signature'],
      signs_timestamp: true,
      default_tolerance_seconds: 0,
    });
  });

  test('are listed page by page, each one once', async () => {
    const all: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await tenant.ok<Page>(
        'GET',
        `/v1/providers?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      expect(page.data.length).toBeLessThanOrEqual(3);
      all.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    const first = await tenant.ok<Page>('GET', '/v1/providers?limit=250');
    const rest = await tenant.ok<Page>('GET', `/v1/providers?limit=250&cursor=${first.next_cursor ?? ''}`);
    expect(all).toEqual([...first.data, ...rest.data].map(({ id }) => id));
    expect(rest.next_cursor).toBeNull();
    expect(all).toEqual(expect.arrayContaining(['callbox', 'runflow', 'qstash', 'upstash-workflow']));
    expect(new Set(all).size).toBe(all.length);
  });

  test.each(['nobody', 'Runflow', '__proto__', 'constructor', '%00'])('have no %s', async (id) => {
    expect(await tenant.call('GET', `/v1/providers/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });
});
