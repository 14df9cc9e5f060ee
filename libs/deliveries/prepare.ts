import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { Events, type OpenedEvent } from '#events';
import type { DataKey } from '#keyring';
import type { Key, Scheme, SignedRequest } from '#signatures';
import { standardWebhooks } from '#signatures';
import { LiveSources } from '#sources';
import { TenantKeys } from '#tenants';
import { toUlid } from '#contract';
import type { ClaimedDelivery } from './claim.js';
import type { Destination } from './destination.entity.js';
import { openHeaders, openSecret } from './destinations.service.js';

type Headers = readonly (readonly [name: string, value: string])[];

/** A request ready to be sent now: its signature is minutes fresh, so it is never kept. */
export interface PreparedDelivery {
  /** The provider of the event, whose own rules say which answers are final. */
  readonly provider: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly timeoutMs: number;
}

/** RFC 9110 section 7.6.1, and what is made from the URL and the body. */
const NOT_FORWARDED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const deliveryScheme = standardWebhooks();

/** Makes the request of a delivery: the bytes as received, the original headers, and a signature made for this attempt. */
@Injectable()
export class DeliveryPreparer {
  constructor(
    private readonly database: Database,
    private readonly events: Events,
    private readonly liveSources: LiveSources,
    private readonly tenantKeys: TenantKeys,
  ) {}

  async prepare(delivery: ClaimedDelivery, nowMs: number): Promise<PreparedDelivery> {
    const { tenant_id: tenantId, destination } = delivery;
    const [event, dataKey, source] = await Promise.all([
      this.events.open(tenantId, delivery.event_id),
      this.tenantKeys.open(tenantId),
      this.liveSources.findByIdAcrossTenants(tenantId, delivery.source_id),
    ]);
    const own = Object.entries(openHeaders(destination, dataKey) ?? {});
    const unsigned: SignedRequest = {
      method: event.method,
      url: destination.url,
      headers: replaceHeaders(forwardable(event.headers), [
        ...own,
        ...aboutDelivery(delivery, event, source?.slug ?? ''),
      ]),
      body: event.body,
    };
    const keys = source === null ? [] : source.keys.filter((key) => key.expiresAtMs > nowMs);
    const native = source?.preset.scheme;
    const signature =
      destination.signing === 'none'
        ? []
        : destination.signing === 'native' && native?.sign !== undefined && keys.length > 0
          ? await sign(native, unsigned, keys, nowMs)
          : await this.signAsOurs(unsigned, destination, dataKey, { event, nowMs });
    return {
      provider: event.provider,
      method: unsigned.method,
      url: unsigned.url,
      headers: replaceHeaders(unsigned.headers, signature),
      body: unsigned.body,
      timeoutMs: destination.timeout_seconds * 1_000,
    };
  }

  /** Standard Webhooks with the destination's own secrets; during a rotation the header holds a signature of each. */
  private async signAsOurs(
    request: SignedRequest,
    destination: Destination,
    dataKey: DataKey,
    { event, nowMs }: { event: OpenedEvent; nowMs: number },
  ): Promise<Headers> {
    const secrets = await this.database.queryAcrossTenants<{ id: string; ciphertext: Buffer }>(
      `select id, ciphertext from destination_secrets
       where tenant_id = $1 and destination_id = $2 and (expires_at is null or expires_at > now())
       order by id desc`,
      [destination.tenant_id, destination.id],
    );
    const keys = secrets.flatMap(({ id, ciphertext }) => {
      const prepared = deliveryScheme.prepareKey(openSecret(id, ciphertext, dataKey));
      return prepared.ok ? [{ id, material: prepared.material }] : [];
    });
    const identified = {
      ...request,
      headers: replaceHeaders(request.headers, [['webhook-id', toUlid(event.id)]]),
    };
    return [['webhook-id', toUlid(event.id)], ...(await sign(deliveryScheme, identified, keys, nowMs))];
  }
}

async function sign(
  scheme: Scheme,
  request: SignedRequest,
  keys: readonly Key[],
  nowMs: number,
): Promise<Headers> {
  return (await scheme.sign?.(request, keys, { nowMs })) ?? [];
}

/** The original headers less those of the connection it came by, and less ours, which nobody may forge. */
function forwardable(headers: Headers): Headers {
  const named = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase()));
  const dropped = new Set([...NOT_FORWARDED, ...named]);
  return headers.filter(
    ([name]) => !dropped.has(name.toLowerCase()) && !name.toLowerCase().startsWith('callbox-'),
  );
}

/** `headers` with `added` in place of those of the same names. */
function replaceHeaders(headers: Headers, added: Headers): Headers {
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...added];
}

function aboutDelivery(delivery: ClaimedDelivery, event: OpenedEvent, sourceSlug: string): Headers {
  return [
    ['callbox-event-id', toUlid(delivery.event_id)],
    ['callbox-delivery-id', toUlid(delivery.id)],
    ['callbox-attempt', String(delivery.attempt_count + 1)],
    ['callbox-source', sourceSlug],
    ['callbox-received-at', event.received_at.toISOString()],
  ];
}
