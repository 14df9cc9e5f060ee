import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { toUlid } from '#contract';
import { type EventContent, findContentsAcrossTenants, openContent } from '#events';
import type { DataKey } from '#keyring';
import type { Key, Scheme, SignedRequest } from '#signatures';
import { standardWebhooks } from '#signatures';
import { type LiveSource, LiveSources } from '#sources';
import { TenantKeys } from '#tenants';
import type { ClaimedDelivery } from './claim.js';
import { aboutDelivery, forwardable, type Headers, hopsOf, replaceHeaders } from './delivery-headers.js';
import type { Destination } from './destination.entity.js';
import { openHeaders } from './destination-view.js';
import { openSecret } from './destinations.service.js';
import { PreloadedContents } from './preloaded.js';

/** A request ready to be sent now: its signature is minutes fresh, so it is never kept. */
export interface PreparedRequest extends SignedRequest {
  readonly timeoutMs: number;
}

/** Why there is no request to send, as the error of an attempt: a callback that goes in circles, or a secret that cannot be read. */
export type Unpreparable = 'loop_detected' | 'preparation_failed';

/** What preparing a delivery gave; `gone`: the event was erased meanwhile. */
export type Preparation =
  | { readonly kind: 'ready'; readonly request: PreparedRequest }
  | { readonly kind: 'gone' }
  | { readonly kind: 'impossible'; readonly error: Unpreparable };

/** What has to be looked up for a request. */
interface Materials {
  readonly content: EventContent;
  readonly source: LiveSource | null;
  readonly dataKey: DataKey;
  readonly destinationSecrets: ClaimedDelivery['destination']['secrets'];
}

/** A destination may point at another inbox, even at the one its events come from; this ends a circle. */
const MOST_HOPS = 3;

const ownScheme = standardWebhooks();

/** Makes the request of a delivery: the bytes as received, the original headers, and a signature made for this attempt. */
@Injectable()
export class DeliveryPreparer {
  readonly #preloaded = new PreloadedContents();

  constructor(
    private readonly liveSources: LiveSources,
    private readonly tenantKeys: TenantKeys,
  ) {}

  /** Reads ahead what deliveries that were claimed together will need in a moment. */
  preload(pool: pg.Pool, deliveries: readonly ClaimedDelivery[]): Promise<void> {
    return this.#preloaded.read(pool, deliveries);
  }

  /** Throws when something cannot be looked up; it may work a little later. */
  async prepare(pool: pg.Pool, delivery: ClaimedDelivery, nowMs: number): Promise<Preparation> {
    const materials = await this.lookUp(pool, delivery, nowMs);
    if (materials === null) return { kind: 'gone' };
    if (hopsOf(materials.content.headers) >= MOST_HOPS) return { kind: 'impossible', error: 'loop_detected' };
    try {
      return { kind: 'ready', request: await makeRequest(delivery, materials, nowMs) };
    } catch {
      return { kind: 'impossible', error: 'preparation_failed' };
    }
  }

  private async lookUp(pool: pg.Pool, delivery: ClaimedDelivery, nowMs: number): Promise<Materials | null> {
    const { tenant_id: tenantId, destination } = delivery;
    const dataKey = await this.tenantKeys.open(tenantId);
    const source = await this.liveSources.findByIdAcrossTenants(tenantId, delivery.source_id);
    const preloaded = this.#preloaded.find(delivery);
    const eventKey = { tenantId, id: delivery.event_id };
    const stored =
      preloaded === undefined
        ? (await findContentsAcrossTenants(pool, [eventKey])).get(eventKey.id)
        : preloaded;
    if (stored === null || stored === undefined) return null;
    const content = openContent(stored, eventKey.id, dataKey);
    const needsOwnSecrets = signerOf(destination, source, nowMs) === 'own';
    const isStale = preloaded === undefined;
    const destinationSecrets =
      needsOwnSecrets && isStale ? await activeSecrets(pool, destination) : destination.secrets;
    return { content, source, dataKey, destinationSecrets };
  }
}

/**
 * Who signs a delivery. `none` adds no signature; the one the callback came with is then passed on like any other
 * header. `native` falls back to our own where the provider's cannot be made: signed with a private key, or no secret left.
 */
function signerOf(
  destination: Destination,
  source: LiveSource | null,
  nowMs: number,
): 'none' | 'provider' | 'own' {
  if (destination.signing === 'none') return 'none';
  const canSign = source?.scheme.sign !== undefined && activeKeys(source, nowMs).length > 0;
  return destination.signing === 'native' && canSign ? 'provider' : 'own';
}

async function makeRequest(
  delivery: ClaimedDelivery,
  materials: Materials,
  nowMs: number,
): Promise<PreparedRequest> {
  const { destination, event } = delivery;
  const { content, source, dataKey } = materials;
  const about = aboutDelivery(delivery, {
    sourceSlug: source?.slug ?? '',
    receivedAt: new Date(event?.received_at ?? 0),
    hops: hopsOf(content.headers) + 1,
  });
  const own = Object.entries(openHeaders(destination, dataKey) ?? {});
  const original = forwardable(content.headers, source?.scheme.signatureHeaders);
  const toDestination: SignedRequest = {
    method: event?.method ?? 'POST',
    url: destination.url,
    headers: replaceHeaders(original, [...own, ...about]),
    body: content.body,
  };
  const isAsProvider = signerOf(destination, source, nowMs) === 'provider';
  const url = (isAsProvider ? source?.scheme.address?.(toDestination) : undefined) ?? destination.url;
  const unsigned = { ...toDestination, url };
  const signature = await signatureFor(unsigned, delivery, materials, nowMs);
  return {
    ...unsigned,
    headers: replaceHeaders(unsigned.headers, signature),
    timeoutMs: destination.timeout_seconds * 1_000,
  };
}

async function signatureFor(
  request: SignedRequest,
  { destination, event_id: eventId }: ClaimedDelivery,
  { source, dataKey, destinationSecrets }: Materials,
  nowMs: number,
): Promise<Headers> {
  const signer = signerOf(destination, source, nowMs);
  if (signer === 'none') return [];
  if (signer === 'provider' && source !== null)
    return sign(source.scheme, request, activeKeys(source, nowMs), nowMs);
  const keys = destinationSecrets.flatMap(({ id, ciphertext }) => {
    const prepared = ownScheme.prepareKey(openSecret(id, ciphertext, dataKey));
    return prepared.ok ? [{ id, material: prepared.material }] : [];
  });
  const headers = replaceHeaders(request.headers, [['webhook-id', toUlid(eventId)]]);
  return sign(ownScheme, { ...request, headers }, keys, nowMs);
}

async function sign(
  scheme: Scheme,
  request: SignedRequest,
  keys: readonly Key[],
  nowMs: number,
): Promise<Headers> {
  return (await scheme.sign?.(request, keys, { nowMs })) ?? [];
}

function activeKeys(source: LiveSource, nowMs: number): readonly Key[] {
  return source.keys.filter((key) => key.expiresAtMs > nowMs);
}

/** The newest first: during a rotation the header holds a signature of each. */
async function activeSecrets(
  pool: pg.Pool,
  destination: Destination,
): Promise<Materials['destinationSecrets']> {
  const { rows } = await pool.query<{ id: string; ciphertext: Buffer }>({
    name: 'destination-secrets',
    text: `select id, ciphertext from destination_secrets
      where tenant_id = $1 and destination_id = $2 and (expires_at is null or expires_at > now())
      order by id desc`,
    values: [destination.tenant_id, destination.id],
  });
  return rows;
}
