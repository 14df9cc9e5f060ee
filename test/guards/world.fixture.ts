import { eventually, hexHmac, Receiver, send, type TestApp, type TestTenant } from '#testing';

/** A tenant that has one of everything, and the ids of it all. */
export interface World {
  readonly tenant: TestTenant;
  readonly receiver: Receiver;
  /** Stands in names, bodies and headers of this tenant, and nowhere else. */
  readonly canary: string;
  readonly ids: Readonly<Record<IdOf, string>>;
}

export type IdOf =
  | 'tenant'
  | 'api_key'
  | 'source'
  | 'callback_secret'
  | 'destination'
  | 'event'
  | 'run'
  | 'rejection'
  | 'delivery'
  | 'redelivery';

interface WithId {
  readonly id: string;
}

/**
 * Makes a tenant with a source, a secret, an event, a destination, a delivery, a redelivery and a rejection, and waits
 * until all of it is written down.
 */
export async function buildWorld(app: TestApp): Promise<World> {
  const tenant = await app.tenant();
  const canary = `canary-${tenant.slug}`;
  const receiver = await Receiver.start();
  const apiKey = await tenant.ok<WithId>('POST', '/v1/api-keys', { name: canary, role: 'viewer' });
  const source = await tenant.source('runflow', { slug: canary });
  const destination = await tenant.ok<WithId>('POST', '/v1/destinations', {
    name: canary,
    url: receiver.url,
  });
  const run = `run-${canary}`;
  const body = JSON.stringify({ event: 'run.completed', run_id: run, status: 'succeeded' });
  const receipt = await send<WithId>(source.url, {
    method: 'POST',
    headers: { 'runflow-signature': hexHmac(source.secret, body), 'x-canary': canary },
    body,
  });
  const event = receipt.body.id;
  const delivery = await eventually(async () => {
    const { data } = await tenant.ok<{ data: { id: string; status: string }[] }>('GET', '/v1/deliveries');
    const [first] = data;
    if (first?.status !== 'succeeded') throw new Error('not delivered yet');
    return first.id;
  });
  const redelivery = await tenant.ok<WithId>('POST', `/v1/events/${event}/redeliveries`);
  await eventually(() => {
    if (receiver.requests.length < 2) throw new Error('not delivered again yet');
  });
  const refused = {
    method: 'POST',
    headers: { 'runflow-signature': 'a'.repeat(64), 'x-canary': canary },
    body,
  };
  expect((await send(source.url, refused)).status).toBe(401);
  const rejection = await eventually(async () => {
    const { data } = await tenant.ok<{ data: WithId[] }>('GET', '/v1/rejections');
    const [first] = data;
    if (first === undefined) throw new Error('not kept yet');
    return first.id;
  });
  await eventually(async () => {
    const counts = await tenant.ok<{ data: unknown[] }>('GET', '/v1/rejections/counts');
    const deliveries = await tenant.ok<{ data: unknown[] }>('GET', '/v1/deliveries?status=succeeded');
    if (counts.data.length < 1 || deliveries.data.length < 2) throw new Error('not all written down yet');
  });
  const ids = {
    tenant: tenant.id,
    api_key: apiKey.id,
    source: source.id,
    callback_secret: source.secretId,
    destination: destination.id,
    event,
    run,
    rejection,
    delivery,
    redelivery: redelivery.id,
  };
  return { tenant, receiver, canary, ids };
}
