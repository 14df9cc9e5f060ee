import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { SETTINGS, type Settings } from '#config';
import type { AuditAction } from '#contract';
import { Changes, Database, findPage, newId, type Page, pageOf, type PageRequest } from '#database';
import { problem } from '#errors';
import type { DataKey } from '#keyring';
import { AddressPolicy, checkUrl } from '#outbound';
import { AuditLog, TenantKeys } from '#tenants';
import { circuitsOf, type DestinationView, sealHeaders, view } from './destination-view.js';
import { Destination, type Signing } from './destination.entity.js';
import { settleDestination } from './settle.js';

const SECRET_BYTES = 32;
const SECRET_PLACE = 'destination_secrets.ciphertext';
const DEFAULT_TIMEOUT_SECONDS = 15;

/** What may be set on a destination. */
interface DestinationSettings {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly sourceIds?: readonly string[] | null | undefined;
  readonly types?: readonly string[] | null | undefined;
  readonly signing?: Signing | undefined;
  readonly headers?: Readonly<Record<string, string>> | null | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly retryScheduleSeconds?: readonly number[] | null | undefined;
  readonly rateLimitPerSecond?: number | null | undefined;
  readonly maxInFlight?: number | null | undefined;
  readonly status?: 'active' | 'paused' | undefined;
}

/** Makes, finds, changes and deletes destinations. */
@Injectable()
export class Destinations {
  readonly #policy: AddressPolicy;

  constructor(
    private readonly database: Database,
    private readonly tenantKeys: TenantKeys,
    private readonly audit: AuditLog,
    private readonly changes: Changes,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#policy = new AddressPolicy(settings.allowedDestinations);
  }

  /** Makes a destination; its signing secret is given this once. */
  async create(
    tenantId: string,
    input: DestinationSettings & { readonly name: string; readonly url: string },
  ): Promise<{ destination: DestinationView; signingSecret: string }> {
    await this.checkUrl(input.url);
    const dataKey = await this.tenantKeys.open(tenantId);
    const id = newId();
    const blank: Destination = {
      tenant_id: tenantId,
      id,
      name: input.name,
      url: input.url,
      source_ids: null,
      types: null,
      signing: 'native',
      headers_ciphertext: null,
      timeout_seconds: DEFAULT_TIMEOUT_SECONDS,
      retry_schedule_seconds: null,
      rate_limit_per_second: null,
      max_in_flight: null,
      next_slot_at: null,
      status: 'active',
      paused_reason: null,
      created_at: new Date(),
      deleted_at: null,
    };
    const destination = applySettings(blank, input, dataKey);
    const signingSecret = await this.database.tenant(tenantId, async (manager) => {
      await manager.insert(Destination, destination);
      const secret = await addSecret(manager, destination, dataKey);
      await this.note(manager, 'destination.created', destination, {
        origin: originOf(destination.url),
        reveals: 'signing_secret',
      });
      return secret;
    });
    return { destination: view(destination, dataKey, null), signingSecret };
  }

  async list(tenantId: string, page: PageRequest): Promise<Page<DestinationView>> {
    const dataKey = await this.tenantKeys.open(tenantId);
    return this.database.tenant(tenantId, async (manager) => {
      const rows = await findPage(manager, Destination, { tenant_id: tenantId, deleted_at: IsNull() }, page);
      const circuits = await circuitsOf(manager, rows);
      return pageOf(
        rows.map((row) => view(row, dataKey, circuits.get(row.id) ?? null)),
        page.limit,
      );
    });
  }

  async get(tenantId: string, id: string): Promise<DestinationView> {
    const dataKey = await this.tenantKeys.open(tenantId);
    return this.database.tenant(tenantId, async (manager) => {
      const destination = await manager.findOneBy(Destination, live(tenantId, id));
      if (destination === null) throw problem('not_found');
      const circuits = await circuitsOf(manager, [destination]);
      return view(destination, dataKey, circuits.get(id) ?? null);
    });
  }

  /** The destination, or `null`. */
  find(tenantId: string, id: string): Promise<Destination | null> {
    return this.database.tenant(tenantId, (manager) => manager.findOneBy(Destination, live(tenantId, id)));
  }

  /**
   * Changes a destination. Pausing holds its deliveries, making it active sends them. What is known of its failures is
   * forgotten when it is made active, also where it was, and with a new URL, which is another endpoint.
   */
  async patch(tenantId: string, id: string, patch: DestinationSettings): Promise<DestinationView> {
    if (patch.url !== undefined) await this.checkUrl(patch.url);
    const dataKey = await this.tenantKeys.open(tenantId);
    return this.database.tenant(tenantId, async (manager) => {
      const destination = await this.lock(manager, tenantId, id);
      const {
        tenant_id: _tenantId,
        id: _id,
        next_slot_at: _nextSlotAt,
        ...columns
      } = applySettings(destination, patch, dataKey);
      const changed = { ...destination, ...columns };
      await manager.update(Destination, { tenant_id: tenantId, id }, columns);
      if (patch.status === 'active' || changed.url !== destination.url)
        await manager.query('delete from circuits where tenant_id = $1 and destination_id = $2', [
          tenantId,
          id,
        ]);
      if (patch.status !== undefined) await settleDestination(manager, tenantId, id);
      await this.announce(manager, changed);
      await this.note(manager, 'destination.updated', changed, {
        changed: Object.entries(patch).flatMap(([name, value]) => (value === undefined ? [] : [name])),
        ...(patch.url === undefined ? {} : { origin: originOf(patch.url) }),
        ...(patch.status === undefined ? {} : { status: patch.status }),
      });
      return view(changed, dataKey, (await circuitsOf(manager, [changed])).get(id) ?? null);
    });
  }

  /** Deletes a destination; what was on its way there is cancelled. */
  async delete(tenantId: string, id: string): Promise<void> {
    await this.database.tenant(tenantId, async (manager) => {
      const destination = await this.lock(manager, tenantId, id);
      await manager.update(Destination, { tenant_id: tenantId, id }, { deleted_at: new Date() });
      await settleDestination(manager, tenantId, id);
      await this.announce(manager, destination);
      await this.note(manager, 'destination.deleted', destination, {});
    });
  }

  /** Makes a new signing secret; the ones before sign beside it until the overlap ends. */
  async rotateSecret(tenantId: string, id: string, overlapSeconds: number): Promise<string> {
    const dataKey = await this.tenantKeys.open(tenantId);
    return this.database.tenant(tenantId, async (manager) => {
      const destination = await this.lock(manager, tenantId, id);
      await manager.query(
        `update destination_secrets set expires_at = least(expires_at, now() + make_interval(secs => $3))
         where tenant_id = $1 and destination_id = $2 and (expires_at is null or expires_at > now())`,
        [tenantId, id, overlapSeconds],
      );
      const secret = await addSecret(manager, destination, dataKey);
      await this.announce(manager, destination);
      await this.note(manager, 'destination.secret_rotated', destination, {
        overlap_seconds: overlapSeconds,
        reveals: 'signing_secret',
      });
      return secret;
    });
  }

  private async lock(manager: EntityManager, tenantId: string, id: string): Promise<Destination> {
    const destination = await manager.findOne(Destination, {
      where: live(tenantId, id),
      lock: { mode: 'pessimistic_write' },
    });
    if (destination === null) throw problem('not_found');
    return destination;
  }

  /** Workers have some of its deliveries in hand, which would still go out as it was. */
  private announce(manager: EntityManager, { tenant_id: tenantId, id }: Destination): Promise<void> {
    return this.changes.announce(manager, { kind: 'destination', key: `${tenantId}/${id}` });
  }

  private note(
    manager: EntityManager,
    action: Extract<AuditAction, `destination.${string}`>,
    { tenant_id: tenantId, id, name }: Destination,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.audit.record(manager, tenantId, {
      action,
      target: { type: 'destination', id, name },
      details,
    });
  }

  private async checkUrl(url: string): Promise<void> {
    const check = await checkUrl(url, this.#policy);
    if (check.ok) return;
    if (check.code === 'destination_not_allowed') throw problem('destination_not_allowed', check.detail);
    throw problem('malformed_request', { errors: [{ path: 'url', message: check.detail }] });
  }
}

/** Decrypts a destination's signing secret. */
export function openSecret(id: string, ciphertext: Buffer, dataKey: DataKey): string {
  return dataKey.decrypt(SECRET_PLACE, id, ciphertext).toString('utf8');
}

function live(tenantId: string, id: string) {
  return { tenant_id: tenantId, id, deleted_at: IsNull() };
}

function applySettings(destination: Destination, input: DestinationSettings, dataKey: DataKey): Destination {
  const or = <Value>(value: Value | undefined, otherwise: Value): Value =>
    value === undefined ? otherwise : value;
  const sealed = input.headers && sealHeaders(destination.id, input.headers, dataKey);
  return {
    ...destination,
    name: or(input.name, destination.name),
    url: or(input.url, destination.url),
    source_ids: or(input.sourceIds && [...input.sourceIds], destination.source_ids),
    types: or(input.types && [...input.types], destination.types),
    signing: or(input.signing, destination.signing),
    headers_ciphertext: or(sealed, destination.headers_ciphertext),
    timeout_seconds: or(input.timeoutSeconds, destination.timeout_seconds),
    retry_schedule_seconds: or(
      input.retryScheduleSeconds && [...input.retryScheduleSeconds],
      destination.retry_schedule_seconds,
    ),
    rate_limit_per_second: or(input.rateLimitPerSecond, destination.rate_limit_per_second),
    max_in_flight: or(input.maxInFlight, destination.max_in_flight),
    status: or(input.status, destination.status),
    paused_reason: pausedReason(destination, input.status),
  };
}

/** Pausing again does not make somebody's decision of what was paused by itself. */
function pausedReason(
  { status, paused_reason }: Destination,
  wanted: Destination['status'] = status,
): Destination['paused_reason'] {
  if (wanted === 'active') return null;
  return status === 'paused' ? paused_reason : 'manual';
}

/** A path or query may hold a token, which is not for a log. */
function originOf(url: string): string {
  return new URL(url).origin;
}

async function addSecret(
  manager: EntityManager,
  destination: Destination,
  dataKey: DataKey,
): Promise<string> {
  const id = newId();
  const plain = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
  await manager.query(
    `insert into destination_secrets (tenant_id, id, destination_id, ciphertext, created_at) values ($1, $2, $3, $4, now())`,
    [destination.tenant_id, id, destination.id, dataKey.encrypt(SECRET_PLACE, id, plain)],
  );
  return plain;
}
