import type { OutboundClient } from '#outbound';

const TIMEOUT_MS = 5_000;

/** Opens a URL that a provider asks to have opened, such as the one that confirms a subscription; whether it answered well. */
export async function visit(client: OutboundClient, url: string): Promise<boolean> {
  const result = await client.send({
    method: 'GET',
    url,
    headers: [['Accept', '*/*']],
    body: Buffer.alloc(0),
    timeoutMs: TIMEOUT_MS,
  });
  return result.ok && result.statusCode >= 200 && result.statusCode < 300;
}
