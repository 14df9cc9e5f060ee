import { eventually, type TestTenant } from '#testing';

/** A rejection as the API answers it. */
export interface RejectionAnswer {
  readonly id: string;
  readonly source: string;
  readonly received_at: string;
  readonly reason: string;
  readonly diagnosis: { readonly code: string; readonly cause: string; readonly fix: string };
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body_excerpt: string | null;
  readonly body_excerpt_base64: string | null;
  readonly size: number | null;
  readonly reverifiable: boolean;
  readonly remote_ip: string | null;
}

interface Page {
  readonly data: RejectionAnswer[];
  readonly next_cursor: string | null;
}

/** The newest rejection of a tenant, once there are so many of them. */
export async function newestRejection(tenant: TestTenant, least = 1): Promise<RejectionAnswer> {
  return eventually(async () => {
    const [newest, ...others] = (await tenant.ok<Page>('GET', '/v1/rejections')).data;
    if (newest === undefined || others.length + 1 < least) throw new Error('not kept yet');
    return newest;
  });
}
